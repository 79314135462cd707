import Files
import Telemetry
import Wording

/// What a scenario demands of its report: `detection.recall >= 0.9`, `cluster[nodes=4].speedup > 3`.
///
///     expectation = value operator (number | name)
///     value       = path | ("median" | "min" | "max") "(" path ")"
///     path        = part { "." part }            part = name [ "[" name "=" value { "," name "=" value } "]" ]
///     operator    = "==" | "!=" | "<" | "<=" | ">" | ">="
///
/// Names are those of `report.json`; quantiles are `p50`, `p99.9` and so on. A function puts together what the runs of several seeds
/// say; of one run alone it is the run's value.
package struct Expectation: Hashable, Sendable, CustomStringConvertible {
  /// How the actual value is compared with the demanded one.
  package enum Comparison: String, CaseIterable, Sendable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
  }

  /// One step into the report.
  struct Part: Hashable, Sendable {
    var name: String
    /// For lists: the fields an entry must have.
    var selectors: [Selector] = []
  }

  struct Selector: Hashable, Sendable {
    var name: String
    var value: String
  }

  /// As it was written.
  package let expression: String
  /// What is made of the runs of several seeds; nil where the expectation is demanded of each run.
  package let function: SeedFunction?
  let path: [Part]
  package let comparison: Comparison
  /// The number or the name that the figure is compared with.
  package let demanded: JSONValue

  package var description: String { expression }

  /// Whether it is demanded of all runs together.
  package var isOverSeeds: Bool { function != nil }

  /// The names that lead to the figure, as a report has them. An entry of a list is chosen by more than names.
  package var names: [String] { path.map(\.name) }

  /// Reads `expression` and checks its names. Throws ``ExpectationError`` with the place of the fault.
  package init(_ expression: String) throws(ExpectationError) {
    var parser = ExpectationParser(expression)
    self.expression = expression
    function = try parser.function()
    path = try parser.path()
    if let function { try parser.end(of: function, path) }
    comparison = try parser.comparison()
    demanded = try parser.demanded(path: path, comparison: comparison)
  }

  /// Holds the expectation against `report`. A value that is null or not there fails it, with the reason.
  package func evaluate(_ report: JSONValue) -> ExpectationResult {
    switch value(in: report) {
    case .failure(let reason):
      ExpectationResult(expression: expression, actual: .null, passed: false, explanation: reason.text)
    case .success(let actual): judged(actual)
    }
  }

  /// What `report` says of the figure; where it says nothing, or null, the reason.
  func value(in report: JSONValue) -> Result<JSONValue, Missing> {
    find(path[...], in: report, seen: "the report").flatMap { value in
      value == .null ? .failure(Missing(text: "\(pathText) was not measured in this run")) : .success(value)
    }
  }

  /// Holds the expectation against a value.
  func judged(_ actual: JSONValue) -> ExpectationResult {
    guard let holds = compare(actual) else {
      return ExpectationResult(
        expression: expression, actual: actual, passed: false,
        explanation: "\(actual) cannot be compared with \(demanded)")
    }
    return ExpectationResult(
      expression: expression, actual: actual, passed: holds, explanation: holds ? nil : "it is \(actual)")
  }

  /// Why nothing fills what it names in a run that has only `parts`; nil where something does.
  ///
  /// - Parameter kinds: The kinds of anomaly that the run has labels of; asked for only where the expectation names one.
  package func absence(parts: Set<ReportPart>, kinds known: @autoclosure () -> Set<String>)
    -> (reason: String, suggestion: String?)?
  {
    var shape = ReportShape.object(RunReport.entries)
    for (index, part) in path.enumerated() {
      switch shape {
      case .object(let entries), .list(let entries):
        guard let entry = entries.first(where: { $0.name == part.name }) else { return nil }
        if let needed = entry.part, !parts.contains(needed) {
          return ("nothing fills \(pathText): \(needed.absence)", nil)
        }
        shape = entry.shape
      case .map(let inner):
        let kinds = known()
        guard kinds.contains(part.name) else {
          let parent = path[..<index].map(\.name).joined(separator: ".")
          return (
            "nothing fills \(pathText): no label of the scenario is of the kind \(part.name.quoted)"
              + (kinds.isEmpty ? "" : "; \(parent) will have \(kinds.sorted().joined(separator: ", "))"),
            NearestName.of(part.name, among: kinds.sorted())
          )
        }
        shape = inner
      case .number, .text, .detail: return nil
      }
    }
    return nil
  }

  /// The deployment that it chooses by its name; nil where it chooses none.
  package var deployment: String? {
    path.first { $0.name == "deployments" }?.selectors.first { $0.name == "deployment" }?.value
  }

  private var pathText: String { path.map(\.name).joined(separator: ".") }

  /// Why there is no value.
  struct Missing: Error {
    let text: String
  }

  private func find(
    _ parts: ArraySlice<Part>, in value: JSONValue, seen: String
  ) -> Result<JSONValue, Missing> {
    guard let part = parts.first else { return .success(value) }
    switch value {
    case .null:
      return .success(.null)
    case .object(let members):
      guard let member = members[part.name] else {
        let names = members.keys.sorted().joined(separator: ", ")
        return .failure(
          Missing(text: "\(seen) has no \(part.name.quoted)" + (names.isEmpty ? "" : "; it has \(names)")))
      }
      return choose(part, in: member).flatMap { find(parts.dropFirst(), in: $0, seen: part.name) }
    default:
      return .failure(Missing(text: "\(seen) is \(value), which has no \(part.name.quoted)"))
    }
  }

  /// The entry of a list that the selectors of `part` choose.
  private func choose(_ part: Part, in value: JSONValue) -> Result<JSONValue, Missing> {
    guard !part.selectors.isEmpty, value != .null else { return .success(value) }
    let wanted = part.selectors.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    guard case .array(let entries) = value else {
      return .failure(Missing(text: "\(part.name) is no list to choose [\(wanted)] from"))
    }
    let chosen = entries.filter { entry in
      guard case .object(let fields) = entry else { return false }
      return part.selectors.allSatisfy { matches(fields[$0.name], $0.value) }
    }
    if chosen.count == 1 { return .success(chosen[0]) }
    let reason =
      chosen.isEmpty
      ? "has no entry with \(wanted)"
      : "has \(chosen.count) entries with \(wanted); choose by another field too"
    return .failure(Missing(text: "\(part.name) \(reason)"))
  }

  private func matches(_ value: JSONValue?, _ wanted: String) -> Bool {
    switch value {
    case .number(let number): Double(wanted) == number
    case .text(let text): text == wanted
    default: false
    }
  }

  private func compare(_ actual: JSONValue) -> Bool? {
    switch (actual, demanded) {
    case (.number(let a), .number(let b)):
      switch comparison {
      case .equal: a == b
      case .notEqual: a != b
      case .less: a < b
      case .lessOrEqual: a <= b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      }
    case (.text(let a), .text(let b)):
      switch comparison {
      case .equal: a == b
      case .notEqual: a != b
      default: nil
      }
    default: nil
    }
  }
}

/// How an expectation came out.
package struct ExpectationResult: Hashable, Sendable {
  package var expression: String
  /// What the report says; null where it says nothing.
  package var actual: JSONValue
  package var passed: Bool
  /// Why it failed, for people; nil where it passed.
  package var explanation: String?

  package init(expression: String, actual: JSONValue, passed: Bool, explanation: String? = nil) {
    self.expression = expression
    self.actual = actual
    self.passed = passed
    self.explanation = explanation
  }
}

extension ExpectationResult {
  /// As `report.json` has it.
  var json: JSONValue {
    .object([
      "expression": .text(expression), "actual": actual, "passed": .bool(passed),
      "explanation": explanation.map(JSONValue.text) ?? .null,
    ])
  }
}

/// An expectation that cannot be read, or that names what no report has.
package struct ExpectationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where in the expression, in characters from 0.
  package let offset: Int
  package let reason: String
  /// The name that was probably meant.
  package let suggestion: String?

  package var description: String { reason + (suggestion.map { "; did you mean \($0.quoted)?" } ?? "") }
}
