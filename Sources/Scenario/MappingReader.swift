import Telemetry
import Wording

/// The faults of a document: those that its schema finds, and those that the decoder has found so far. A class, because one
/// list is shared by all readers of a document; it never leaves the decoder.
final class FaultList {
  private let check: SchemaCheck
  private var found: [ScenarioFault] = []

  init(_ check: SchemaCheck) { self.check = check }

  var isEmpty: Bool { found.isEmpty && check.ofKeys.isEmpty && check.ofValues.isEmpty }

  /// All of them, each once. Where both have something to say of a value, the decoder's words are the better ones.
  var faults: [ScenarioFault] {
    let ofValues = Dictionary(grouping: check.ofValues, by: Subject.init)
    let own = found.map { fault in
      ofValues[Subject(fault)] == nil
        ? fault
        : ScenarioFault(
          place: fault.place, reason: fault.reason, suggestion: fault.suggestion, isOfSchema: true)
    }
    let subjects = Set(found.map(Subject.init))
    var seen: Set<ScenarioFault> = []
    return (check.ofKeys + check.ofValues.filter { !subjects.contains(Subject($0)) } + own)
      .filter { seen.insert($0).inserted }
  }

  func add(_ place: ScenarioFault.Place, _ reason: String, suggestion: String? = nil) {
    found.append(ScenarioFault(place: place, reason: reason, suggestion: suggestion))
  }

  /// What a fault speaks of: a place in a file is one value; a flag may hold several, told apart by their keys.
  private struct Subject: Hashable {
    let place: ScenarioFault.Place
    let key: Substring?

    init(_ fault: ScenarioFault) {
      place = fault.place
      if case .file = place { key = nil } else { key = fault.reason.prefix { $0 != ":" } }
    }
  }
}

/// Reads the keys of one mapping of a document. Methods give nil where the key is absent or faulty; the fault is then in the
/// list.
struct MappingReader {
  let place: ScenarioFault.Place
  let faults: FaultList
  private let schema: ScenarioSchema.Mapping
  private let entries: [String: DocumentNode.Entry]

  /// Nil where `node` is no mapping.
  init?(_ node: DocumentNode, _ schema: ScenarioSchema.Mapping, _ faults: FaultList) {
    guard case .mapping(let entries) = node.content else { return nil }
    place = node.place
    self.faults = faults
    self.schema = schema
    self.entries = Dictionary(entries.map { ($0.key, $0) }) { $1 }
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
    return read(key, wanted) {
      $0.wholeNumber.flatMap(Int.init(exactly:)).flatMap { $0 >= minimum ? $0 : nil }
    }
  }

  func number(_ key: String, _ wanted: String = "a number", where isAllowed: (Double) -> Bool = { _ in true })
    -> Double?
  {
    read(key, wanted) { $0.number.flatMap { isAllowed($0) ? $0 : nil } }
  }

  func boolean(_ key: String) -> Bool? {
    read(key, "true or false") { $0.boolean }
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
    if let name = node.choice(among: names) { return name }
    let nearest = node.text.flatMap { NearestName.of($0, among: names) }
    faults.add(
      node.place,
      "\(key): expected \(ScenarioSchema.Kind.either(names.map(\.excerpt))), found \(node.summary)",
      suggestion: nearest)
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
}
