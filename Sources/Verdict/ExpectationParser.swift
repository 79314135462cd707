import Documents
import Files
import Telemetry
import Wording

/// Reads the grammar of ``Expectation`` from left to right.
struct ExpectationParser {
  private let characters: [Character]
  private var offset = 0

  init(_ expression: String) { characters = Array(expression) }

  /// The function over seeds that the expression begins with; nil where it begins with a path.
  mutating func function() throws(ExpectationError) -> SeedFunction? {
    skipSpaces()
    let start = offset
    let name = characters[start...].prefix(while: Self.isNameCharacter)
    let open = characters[name.endIndex...].firstIndex { $0 != " " }
    guard !name.isEmpty, let open, characters[open] == "(" else { return nil }
    guard let function = SeedFunction(rawValue: String(name)) else {
      let known = SeedFunction.allCases.map(\.rawValue)
      throw fault(
        "there is no function \(String(name).quoted); over seeds there are \(known.joined(separator: ", "))",
        at: start, suggestion: NearestName.of(String(name), among: known))
    }
    offset = open + 1
    return function
  }

  /// What stands behind the path inside a function, which takes numbers alone.
  mutating func end(of function: SeedFunction, _ path: [Expectation.Part]) throws(ExpectationError) {
    skipSpaces()
    guard take(")") else {
      throw fault(
        "expected ) after the figure that \(function.rawValue) is of, found "
          + "\(peek.map { String($0).quoted } ?? "the end")", at: offset)
    }
    if case .text = shape(of: path) {
      let name = path.map(\.name).joined(separator: ".")
      throw fault("\(name.quoted) is a name, and \(function.rawValue) needs a number", at: 0)
    }
  }

  /// The path, each of its names known to the report.
  mutating func path() throws(ExpectationError) -> [Expectation.Part] {
    skipSpaces()
    let begin = offset
    var shape = ReportShape.object(RunReport.entries)
    var parts: [Expectation.Part] = []
    repeat {
      let start = offset
      let name = try name()
      shape = try inside(shape, name, at: start, after: parts)
      var part = Expectation.Part(name: name)
      if take("[") { part.selectors = try selectors(shape, of: name, at: start) }
      if case .list(let fields) = shape {
        guard !part.selectors.isEmpty else {
          let examples = ["deployment=blue", "nodes=4", "replicas=4", "stage=2"]
          let example = examples.first { example in
            fields.contains { example.hasPrefix("\($0.name)=") }
          }
          throw fault(
            "\(name.quoted) is a list; choose an entry, such as \(name)[\(example ?? "name=…")]", at: start)
        }
        shape = .object(fields)
      }
      parts.append(part)
    } while take(".")
    switch shape {
    case .number, .text: return parts
    case .object(let entries):
      let text = parts.map(\.name).joined(separator: ".")
      throw fault(
        "\(text.quoted) is no single value; it has \(entries.nameable.joined(separator: ", "))", at: begin)
    case .map, .list, .detail:
      throw fault("\(parts.map(\.name).joined(separator: ".").quoted) is no single value", at: begin)
    }
  }

  mutating func comparison() throws(ExpectationError) -> Expectation.Comparison {
    skipSpaces()
    let start = offset
    while let next = peek, "=!<>".contains(next) { offset += 1 }
    let text = String(characters[start..<offset])
    guard let comparison = Expectation.Comparison(rawValue: text) else {
      let found = text.isEmpty ? (peek.map { String($0).quoted } ?? "the end") : text.quoted
      throw fault("expected one of == != < <= > >=, found \(found)", at: start)
    }
    return comparison
  }

  mutating func demanded(
    path: [Expectation.Part], comparison: Expectation.Comparison
  ) throws(ExpectationError) -> JSONValue {
    skipSpaces()
    let start = offset
    let text = String(characters[start...]).trimmingSuffix { $0 == " " }
    guard !text.isEmpty else {
      throw fault("expected a number or a name after \(comparison.rawValue)", at: start)
    }
    let isText = if case .text = shape(of: path) { true } else { false }
    if isText {
      guard comparison == .equal || comparison == .notEqual else {
        throw fault("a name can be compared with == and != only", at: start)
      }
      guard text.allSatisfy(Self.isNameCharacter) else {
        throw fault("\(text.quoted) is not a name", at: start)
      }
      return .text(text)
    }
    guard let number = QuantityText.plainNumber(text) else {
      throw fault("\(text.quoted) is not a number", at: start)
    }
    return .number(number)
  }

  private func shape(of path: [Expectation.Part]) -> ReportShape {
    path.reduce(.object(RunReport.entries)) { shape, part in
      switch shape {
      case .object(let entries), .list(let entries): entries[part.name]?.shape ?? .number
      case .map(let inner): inner
      case .number, .text, .detail: shape
      }
    }
  }

  private func inside(
    _ shape: ReportShape, _ name: String, at start: Int, after parts: [Expectation.Part]
  ) throws(ExpectationError) -> ReportShape {
    let parent = parts.map(\.name).joined(separator: ".")
    switch shape {
    case .object(let entries):
      if let entry = entries[name] { return entry.shape }
      let known = entries.nameable
      let reason =
        parts.isEmpty
        ? "no report has a \(name.quoted); it has \(known.joined(separator: ", "))"
        : "\(parent.quoted) has no \(name.quoted); it has \(known.joined(separator: ", "))"
      throw fault(reason, at: start, suggestion: NearestName.of(name, among: known))
    case .map(let inner): return inner
    case .list, .number, .text, .detail:
      throw fault("\(parent.quoted) is a value and has no \(name.quoted)", at: start)
    }
  }

  private mutating func selectors(
    _ shape: ReportShape, of list: String, at start: Int
  ) throws(ExpectationError) -> [Expectation.Selector] {
    guard case .list(let entries) = shape else {
      throw fault("\(list.quoted) is no list to choose from", at: start)
    }
    var selectors: [Expectation.Selector] = []
    repeat {
      let begin = offset
      let name = try name()
      guard entries[name] != nil else {
        throw fault(
          "entries of \(list.quoted) have no \(name.quoted)", at: begin,
          suggestion: NearestName.of(name, among: entries.nameable))
      }
      guard take("=") else { throw fault("expected = after \(name.quoted)", at: offset) }
      let valueStart = offset
      while let next = peek, next != "]", next != "," { offset += 1 }
      let value = String(characters[valueStart..<offset])
      guard !value.isEmpty else { throw fault("expected a value for \(name.quoted)", at: valueStart) }
      selectors.append(Expectation.Selector(name: name, value: value))
    } while take(",")
    guard take("]") else { throw fault("expected ] after the selector", at: offset) }
    return selectors
  }

  private mutating func name() throws(ExpectationError) -> String {
    let start = offset
    while let next = peek, Self.isNameCharacter(next) { offset += 1 }
    guard offset > start else {
      throw fault("expected a name, found \(peek.map { String($0).quoted } ?? "the end")", at: start)
    }
    // The dot of a quantile such as p99.9 belongs to its name.
    if characters[start] == "p", characters[(start + 1)..<offset].allSatisfy(\.isNumber), offset - start > 1,
      peek == ".", offset + 1 < characters.count, characters[offset + 1].isNumber
    {
      offset += 1
      while let next = peek, next.isNumber { offset += 1 }
    }
    return String(characters[start..<offset])
  }

  private var peek: Character? { offset < characters.count ? characters[offset] : nil }

  private mutating func take(_ character: Character) -> Bool {
    guard peek == character else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpaces() {
    while peek == " " { offset += 1 }
  }

  private func fault(_ reason: String, at offset: Int, suggestion: String? = nil) -> ExpectationError {
    ExpectationError(offset: offset, reason: reason, suggestion: suggestion)
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
  }
}

extension [ReportEntry] {
  /// The entry that an expectation calls `name`.
  fileprivate subscript(name: String) -> ReportEntry? {
    first { entry in
      if case .detail = entry.shape { return false }
      return entry.name == name
    }
  }

  /// The names that an expectation can use, sorted.
  fileprivate var nameable: [String] { map(\.name).filter { self[$0] != nil }.sorted() }
}

extension String {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    var end = endIndex
    while end > startIndex, isTrimmed(self[index(before: end)]) { end = index(before: end) }
    return String(self[..<end])
  }
}
