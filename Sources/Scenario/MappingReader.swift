import Telemetry

/// The faults found so far. A class, because one list is shared by all readers of a document; it never leaves the decoder.
final class FaultList {
  private(set) var faults: [ScenarioFault] = []

  func add(_ place: ScenarioFault.Place, _ reason: String, suggestion: String? = nil) {
    faults.append(ScenarioFault(place: place, reason: reason, suggestion: suggestion))
  }
}

/// Reads one mapping of a document: each key the schema knows, and a fault for every other. Methods give nil where the key
/// is absent or faulty; the fault is then in the list.
struct MappingReader {
  let place: ScenarioFault.Place
  let faults: FaultList
  private let schema: ScenarioSchema.Mapping
  private let entries: [String: DocumentNode.Entry]

  /// Nil, with a fault, where `node` is no mapping.
  init?(_ node: DocumentNode, _ schema: ScenarioSchema.Mapping, _ faults: FaultList) {
    guard case .mapping(let entries) = node.content else {
      let keys = schema.keys.map(\.name).joined(separator: ", ")
      faults.add(node.place, "\(schema.name): expected a mapping with \(keys), found \(node.summary)")
      return nil
    }
    for entry in entries where schema[entry.key] == nil {
      let known = schema.keys.map(\.name)
      let nearest = NearestName.of(entry.key, among: known)
      let reason = "unknown key “\(entry.key)”"
      faults.add(
        entry.place,
        nearest == nil ? reason + "; \(schema.name) has \(known.joined(separator: ", "))" : reason,
        suggestion: nearest)
    }
    place = node.place
    self.faults = faults
    self.schema = schema
    self.entries = Dictionary(entries.map { ($0.key, $0) }) { $1 }
    for key in schema.keys where key.isRequired && self.entries[key.name] == nil {
      // One letter wrong is one fault: the misspelt key has been reported with this name as the suggestion.
      let isMisspelt = entries.contains {
        schema[$0.key] == nil && NearestName.of($0.key, among: schema.keys.map(\.name)) == key.name
      }
      if !isMisspelt { faults.add(node.place, "\(schema.name) lacks “\(key.name)”") }
    }
    for names in schema.exactlyOneOf {
      let given = names.filter { self.entries[$0] != nil }
      if given.count > 1, let second = self.entries[given[1]] {
        faults.add(second.place, "\(given.joined(separator: " and ")) exclude each other; give one")
      }
      let hasUnknown = entries.contains { schema[$0.key] == nil }
      if given.isEmpty, !hasUnknown {
        faults.add(node.place, "\(schema.name) lacks one of \(names.joined(separator: ", "))")
      }
    }
  }

  /// The value of `key`, which the schema must know.
  func node(_ key: String) -> DocumentNode? {
    precondition(schema[key] != nil, "“\(key)” is not in the schema of \(schema.name)")
    return entries[key]?.value
  }

  /// Where `key` is written; the mapping's place where it is absent.
  func place(of key: String) -> ScenarioFault.Place { entries[key]?.value.place ?? place }

  func text(_ key: String) -> String? {
    read(key, "text") { $0.isNull ? nil : $0.text }
  }

  func wholeNumber(_ key: String, minimum: Int) -> Int? {
    let wanted = minimum == 0 ? "a whole number" : "a whole number of at least \(minimum)"
    return read(key, wanted) { $0.plainText.flatMap { Int($0) }.flatMap { $0 >= minimum ? $0 : nil } }
  }

  func number(_ key: String, _ wanted: String = "a number", where isAllowed: (Double) -> Bool = { _ in true })
    -> Double?
  {
    read(key, wanted) {
      $0.plainText.flatMap { ScenarioUnits.plainNumber($0) }.flatMap { isAllowed($0) ? $0 : nil }
    }
  }

  func boolean(_ key: String) -> Bool? {
    read(key, "true or false") { ["true": true, "false": false][$0.plainText ?? ""] }
  }

  func duration(_ key: String, allowsZero: Bool = false) -> Duration? {
    let wanted = "a duration such as 90s, 5m or 24h" + (allowsZero ? "" : ", above zero")
    return read(key, wanted) { node in
      node.text.flatMap(Duration.init(text:)).flatMap { $0 > .zero || allowsZero ? $0 : nil }
    }
  }

  func instant(_ key: String) -> Timestamp? {
    read(key, "a time such as 2026-01-01T00:00:00Z") { $0.text.flatMap { Timestamp(iso8601: $0) } }
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    choice(key, Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
  }

  func choice(_ key: String, _ names: [String]) -> String? {
    node(key).flatMap { Self.choice($0, key, names, faults) }
  }

  /// `node` as one of `names`.
  static func choice(_ node: DocumentNode, _ key: String, _ names: [String], _ faults: FaultList) -> String? {
    if let text = node.text, names.contains(text) { return text }
    let nearest = node.text.flatMap { NearestName.of($0, among: names) }
    faults.add(
      node.place, "\(key): expected \(listed(names)), found \(node.summary)", suggestion: nearest)
    return nil
  }

  /// `[from, to]`, offsets with `from` before `to`.
  func span(_ key: String) -> ClosedRange<Duration>? {
    read(key, "[from, to] with from before to, such as [14h, 22h]") { node in
      guard case .sequence(let ends) = node.content, ends.count == 2,
        let from = ends[0].text.flatMap(Duration.init(text:)),
        let to = ends[1].text.flatMap(Duration.init(text:)),
        from < to
      else { return nil }
      return from...to
    }
  }

  /// The elements of a list.
  func list(_ key: String) -> [DocumentNode]? {
    read(key, "a list") { node in
      if case .sequence(let elements) = node.content { elements } else { nil }
    }
  }

  func texts(_ key: String) -> [String]? {
    list(key).map { elements in
      elements.compactMap { element in
        if let text = element.text, !element.isNull { return text }
        faults.add(element.place, "\(key): expected text, found \(element.summary)")
        return nil
      }
    }
  }

  func mapping(_ key: String) -> MappingReader? {
    guard let node = node(key) else { return nil }
    guard case .object(let schema) = schema[key]?.kind else {
      preconditionFailure("“\(key)” is no mapping in the schema of \(schema.name)")
    }
    return MappingReader(node, schema, faults)
  }

  /// The value of `key` as `read` makes it; where it makes nothing, a fault that says what was `wanted`.
  func read<Value>(_ key: String, _ wanted: String, _ read: (DocumentNode) -> Value?) -> Value? {
    guard let node = node(key) else { return nil }
    if let value = read(node) { return value }
    faults.add(node.place, "\(key): expected \(wanted), found \(node.summary)")
    return nil
  }

  private static func listed(_ names: [String]) -> String {
    names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
  }
}
