import Telemetry
import Wording

/// Reads the keys of one mapping of a document. Methods give nil where the key is absent or wrong; the diagnostic is then in the
/// list.
package struct MappingReader {
  package let location: SourceLocation
  package let diagnostics: DiagnosticList
  private let schema: Schema.Mapping
  private let entries: [String: DocumentNode.Entry]

  /// Nil where `node` is no mapping.
  package init?(_ node: DocumentNode, _ schema: Schema.Mapping, _ diagnostics: DiagnosticList) {
    guard case .mapping(let entries) = node.content else { return nil }
    location = node.location
    self.diagnostics = diagnostics
    self.schema = schema
    self.entries = Dictionary(entries.map { ($0.key, $0) }) { $1 }
  }

  /// The value of `key`, which the schema must know.
  package func node(_ key: String) -> DocumentNode? {
    precondition(schema[key] != nil, "“\(key)” is not in the schema of \(schema.name)")
    return entries[key]?.value
  }

  /// Where `key` is written; the mapping's location where it is absent.
  package func location(of key: String) -> SourceLocation { entries[key]?.value.location ?? location }

  package func text(_ key: String) -> String? {
    read(key, "text") { $0.isNull ? nil : $0.text }
  }

  /// A whole number of at least what the schema says, which must say that `key` is one.
  package func wholeNumber(_ key: String) -> Int? {
    guard let kind = schema[key]?.kind, case .wholeNumber(let minimum, let maximum) = kind else {
      preconditionFailure("“\(key)” is no whole number in the schema of \(schema.name)")
    }
    let isTooGreat = node(key)?.wholeNumber.map { $0 > Int128(maximum) } ?? false
    return read(key, isTooGreat ? "a whole number of at most \(maximum)" : kind.wanted) {
      $0.wholeNumber.flatMap(Int.init(exactly:)).flatMap { $0 >= minimum && !isTooGreat ? $0 : nil }
    }
  }

  package func number(
    _ key: String, _ wanted: String = "a number", where isAllowed: (Double) -> Bool = { _ in true }
  )
    -> Double?
  {
    read(key, wanted) { $0.number.flatMap { isAllowed($0) ? $0 : nil } }
  }

  package func boolean(_ key: String) -> Bool? {
    read(key, "true or false") { $0.boolean }
  }

  package func duration(_ key: String, allowsZero: Bool = false) -> Duration? {
    let wanted = "a duration such as 90s, 5m or 24h" + (allowsZero ? "" : ", above zero")
    return read(key, wanted) { node in
      node.text.flatMap(Duration.init(text:)).flatMap { $0 > .zero || allowsZero ? $0 : nil }
    }
  }

  package func instant(_ key: String) -> Timestamp? {
    read(key, "a time such as 2026-01-01T00:00:00Z") { $0.text.flatMap { Timestamp(iso8601: $0) } }
  }

  package func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, _ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    choice(key, Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
  }

  package func choice(_ key: String, _ names: [String]) -> String? {
    node(key).flatMap { Self.choice($0, key, names, diagnostics) }
  }

  /// `node` as one of `names`.
  package static func choice(
    _ node: DocumentNode, _ key: String, _ names: [String], _ diagnostics: DiagnosticList
  ) -> String? {
    if let name = node.choice(among: names) { return name }
    let nearest = node.text.flatMap { NearestName.of($0, among: names) }
    diagnostics.add(
      node.location,
      "\(key): expected \(Schema.Kind.either(names.map(\.excerpt))), found \(node.summary)",
      suggestion: nearest)
    return nil
  }

  /// `[from, to]`, offsets with `from` before `to`.
  package func span(_ key: String) -> ClosedRange<Duration>? {
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
  package func list(_ key: String) -> [DocumentNode]? {
    read(key, "a list") { node in
      if case .sequence(let elements) = node.content { elements } else { nil }
    }
  }

  package func texts(_ key: String) -> [String]? {
    list(key).map { elements in
      elements.compactMap { element in
        if let text = element.text, !element.isNull { return text }
        diagnostics.add(element.location, "\(key): expected text, found \(element.summary)")
        return nil
      }
    }
  }

  package func mapping(_ key: String) -> MappingReader? {
    guard let node = node(key) else { return nil }
    guard case .object(let schema) = schema[key]?.kind else {
      preconditionFailure("“\(key)” is no mapping in the schema of \(schema.name)")
    }
    return MappingReader(node, schema, diagnostics)
  }

  /// The value of `key` as `read` makes it; where it makes nothing, a diagnostic that says what was `wanted`.
  package func read<Value>(_ key: String, _ wanted: String, _ read: (DocumentNode) -> Value?) -> Value? {
    guard let node = node(key) else { return nil }
    if let value = read(node) { return value }
    diagnostics.add(node.location, "\(key): expected \(wanted), found \(node.summary)")
    return nil
  }
}
