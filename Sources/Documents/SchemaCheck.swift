import Telemetry
import Wording

/// Holds a document to the table of its keys: unknown and missing keys, and values that no value of their key can be. What
/// depends on other values, on files or on a grammar of its own is the decoder's.
package struct SchemaCheck {
  /// Unknown and missing keys.
  package private(set) var ofKeys: [Diagnostic] = []
  /// Values of the wrong kind, and keys that exclude or need each other. The decoder often has better words for them.
  package private(set) var ofValues: [Diagnostic] = []
  /// A pattern is compiled once a document.
  private var expressions: [String: Regex<AnyRegexOutput>] = [:]

  package init(_ root: DocumentNode, _ schema: Schema.Mapping) {
    check(root, schema)
  }

  private mutating func note(
    _ node: DocumentNode, _ name: String, _ wanted: String, suggestion: String? = nil
  ) {
    noteValue(node.location, "\(name): expected \(wanted), found \(node.summary)", suggestion: suggestion)
  }

  private mutating func noteValue(_ location: SourceLocation, _ reason: String, suggestion: String? = nil) {
    ofValues.append(Diagnostic(location: location, reason: reason, suggestion: suggestion, isOfSchema: true))
  }

  private mutating func note(_ location: SourceLocation, _ reason: String, suggestion: String? = nil) {
    ofKeys.append(Diagnostic(location: location, reason: reason, suggestion: suggestion, isOfSchema: true))
  }

  // MARK: - Keys

  private mutating func check(_ node: DocumentNode, _ schema: Schema.Mapping) {
    guard case .mapping(let entries) = node.content else {
      return note(node, schema.name, Schema.Kind.object(schema).wanted)
    }
    let known = schema.keys.map(\.name)
    var misspelt: Set<String> = []
    for entry in entries where schema[entry.key] == nil {
      let nearest = NearestName.of(entry.key, among: known)
      if let nearest { misspelt.insert(nearest) }
      let reason = "unknown key \(entry.key.quoted)"
      note(
        entry.location,
        nearest == nil ? reason + "; \(schema.name) has \(known.joined(separator: ", "))" : reason,
        suggestion: nearest)
    }
    let given = Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
    // One letter wrong is one fault: the misspelt key has been reported with this name as the suggestion.
    for key in schema.keys where key.isRequired && given[key.name] == nil && !misspelt.contains(key.name) {
      note(node.location, "\(schema.name) lacks “\(key.name)”")
    }
    for names in schema.exactlyOneOf {
      let both = names.filter { given[$0] != nil }
      if both.count > 1, let second = entries.first(where: { $0.key == both[1] }) {
        noteValue(second.location, "\(both.joined(separator: " and ")) exclude each other; give one")
      }
      if names.allSatisfy({ given[$0] == nil }), given.keys.allSatisfy({ schema[$0] != nil }) {
        note(node.location, "\(schema.name) lacks one of \(names.joined(separator: ", "))")
      }
    }
    for names in schema.atMostOneOf {
      let both = names.filter { given[$0] != nil }
      guard both.count > 1, let second = given[both[1]] else { continue }
      noteValue(second.location, "\(both.joined(separator: " and ")) exclude each other; give one")
    }
    for (key, other) in schema.needs where given[other] == nil {
      if let value = given[key] { noteValue(value.location, "\(key) needs \(other) beside it") }
    }
    for entry in entries {
      if let key = schema[entry.key] { check(entry.value, key.kind, key.name) }
    }
  }

  // MARK: - Values

  private mutating func check(_ node: DocumentNode, _ kind: Schema.Kind, _ name: String) {
    switch kind {
    case .object(let mapping): check(node, mapping)
    case .map(let mapping, let names, let isNothingAllowed):
      guard let entries = entries(of: node, kind, name) else { return }
      for entry in entries {
        if !matches(entry.key, names) {
          noteValue(entry.location, "\(name): expected \(names.wanted), found \(entry.key.quoted)")
        }
        if !isNothingAllowed || !entry.value.isNull { check(entry.value, mapping) }
      }
    case .shares(let names):
      checkTable(node, kind, of: .wholeNumber(minimum: 0, maximum: 100), names, name)
    case .table(let value, let names, let isNothingAllowed):
      checkTable(node, kind, of: value, names, isNothingAllowed: isNothingAllowed, name)
    case .list(let element, let least, let most, let isUnique):
      if case .sequence(let nodes) = node.content, nodes.isEmpty, least == 1 {
        return note(node, name, most == 1 ? "a list of 1" : "a list of at least 1")
      }
      guard case .sequence(let nodes) = node.content, nodes.count >= least, nodes.count <= most ?? .max else {
        return note(node, name, most == least ? "a list of \(least)" : kind.wanted)
      }
      for node in nodes { check(node, element, name) }
      guard isUnique else { return }
      var seen: Set<String> = []
      // A number is the same however it is written; a name is not.
      func value(_ node: DocumentNode) -> String? {
        if case .wholeNumber = element, let number = node.wholeNumber { return "\(number)" }
        return node.text
      }
      for node in nodes where value(node).map({ !seen.insert($0).inserted }) ?? false {
        noteValue(node.location, "\(name): \(node.summary) is given twice")
      }
    case .nested(let nested):
      guard case .sequence(let nodes) = node.content, !nodes.isEmpty else {
        return note(node, name, kind.wanted)
      }
      for node in nodes { check(node, nested.mapping()) }
    case .any(let kinds):
      if case .sequence = node.content, let list = kinds.first(where: \.isList) {
        check(node, list, name)
      } else if case .mapping = node.content, let mapping = kinds.first(where: \.isObject) {
        check(node, mapping, name)
      } else if !kinds.contains(where: { accepts(node, $0) }) {
        note(node, name, kind.wanted)
      }
    case .choice(let names, _):
      guard !accepts(node, kind) else { return }
      note(
        node, name, Schema.Kind.either(names),
        suggestion: node.text.flatMap { NearestName.of($0, among: names) })
    default:
      if !accepts(node, kind) { note(node, name, kind.wanted) }
    }
  }

  private mutating func checkTable(
    _ node: DocumentNode, _ kind: Schema.Kind, of value: Schema.Kind, _ names: Schema.Form,
    isNothingAllowed: Bool = false, _ name: String
  ) {
    guard let entries = entries(of: node, kind, name) else { return }
    for entry in entries {
      if !matches(entry.key, names) {
        noteValue(entry.location, "\(name): expected \(names.wanted), found \(entry.key.quoted)")
      }
      if !isNothingAllowed || !entry.value.isNull { check(entry.value, value, "\(name).\(entry.key)") }
    }
  }

  /// The entries of a mapping with names of the author's own; nil, which is noted, where there is none.
  private mutating func entries(
    of node: DocumentNode, _ kind: Schema.Kind, _ name: String
  ) -> [DocumentNode.Entry]? {
    guard case .mapping(let entries) = node.content else {
      note(node, name, kind.wanted)
      return nil
    }
    guard !entries.isEmpty else {
      noteValue(node.location, "\(name): expected at least one entry, found an empty mapping")
      return nil
    }
    return entries
  }

  /// Whether `node` is of a kind that has no keys and no elements of kinds of their own.
  private mutating func accepts(_ node: DocumentNode, _ kind: Schema.Kind) -> Bool {
    switch kind {
    case .text:
      switch node.scalar {
      case nil, .nothing: return false
      default: return true
      }
    case .wholeNumber(let minimum, let maximum):
      return node.wholeNumber.map { $0 >= Int128(minimum) && $0 <= Int128(maximum) } ?? false
    case .number(let bounds): return node.number.map(bounds.contains) ?? false
    case .boolean: return node.boolean != nil
    case .form(let form): return accepts(node, form)
    case .choice(let names, let aliases): return node.choice(among: names + aliases) != nil
    case .span:
      guard let (from, to) = node.pair else { return false }
      return accepts(from, .durationOrNone) && accepts(to, .durationOrNone)
    case .varied(let bounds):
      guard let (low, high) = node.pair else { return accepts(node, .number(bounds)) }
      return accepts(low, .number(bounds)) && accepts(high, .number(bounds))
    case .variedDuration(let form):
      guard let (low, high) = node.pair else { return accepts(node, form) }
      return accepts(low, form) && accepts(high, form)
    case .any(let kinds): return kinds.contains { accepts(node, $0) }
    case .object, .map, .list, .nested, .shares, .table: return false
    }
  }

  private mutating func accepts(_ node: DocumentNode, _ form: Schema.Form) -> Bool {
    switch node.scalar {
    case .string(let text): return matches(text, form)
    case .number, .boolean: return form.isName && matches(node.text ?? "", form)
    case .nothing, nil: return false
    }
  }

  private mutating func matches(_ text: String, _ form: Schema.Form) -> Bool {
    if expressions[form.pattern] == nil {
      guard let expression = try? Regex(form.pattern) else {
        preconditionFailure("the pattern \(form.pattern) is no regular expression")
      }
      expressions[form.pattern] = expression.matchingSemantics(.unicodeScalar)
    }
    guard let expression = expressions[form.pattern] else { return false }
    return (try? expression.firstMatch(in: text)) != nil
  }
}

extension Schema.Kind {
  fileprivate var isObject: Bool { if case .object = self { true } else { false } }
  fileprivate var isList: Bool { if case .list = self { true } else { false } }
}

extension DocumentNode {
  /// The elements of a list of two.
  fileprivate var pair: (DocumentNode, DocumentNode)? {
    guard case .sequence(let elements) = content, elements.count == 2 else { return nil }
    return (elements[0], elements[1])
  }
}
