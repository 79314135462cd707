import Files

/// How a run ended, as its report says. Pure.
package struct LiveEnd: Hashable, Sendable {
  package struct Expectation: Hashable, Sendable {
    package var expression: String
    /// What was found, as the report says it; “none” where there was nothing.
    package var actual: String

    package init(expression: String, actual: String) {
      self.expression = expression
      self.actual = actual
    }
  }

  /// `passed`, `failed`, `invalid` or `error`; “gone” where the run has ended without a report.
  package var verdict: String
  package var reason: String?
  /// Of the scenario; nil where there is no report.
  package var scenario: String?
  /// How many messages there were to be.
  package var plannedMessages: Int?
  /// How many expectations there were, and how many of them held.
  package var expectations = 0
  package var held = 0
  /// Those that did not, at most ``LiveDefaults/expectations``.
  package var failed: [Expectation] = []
  /// Readings that were lost; nil where the report does not say.
  package var lost: Double?
  /// Milliseconds from the planned send to the commit, by the names of the report: p50, p90, p99, p99.9.
  package var latency: [String: Double] = [:]
  package var recall: Double?
  package var costDollars: Double?
  /// Whether `report.html` is there.
  package var hasPage = false

  /// A run that has gone without a report.
  package static let gone = LiveEnd(
    verdict: "gone", reason: "the run has ended without a report; its logs say how far it came")

  package init(verdict: String, reason: String?) {
    self.verdict = verdict
    self.reason = reason
  }

  /// - Parameter report: `report.json`.
  package init(report: JSONValue) {
    verdict = report["verdict"]?.asText ?? "error"
    reason = report["reason"]?.asText
    scenario = report["scenario"]?.asText
    plannedMessages = report["messages"]?["planned"]?.asNumber.flatMap { Int(exactly: $0) }
    for expectation in report["expectations"]?.items ?? [] {
      expectations += 1
      guard expectation["passed"] != .bool(true) else {
        held += 1
        continue
      }
      guard failed.count < LiveDefaults.expectations else { continue }
      let actual = expectation["actual"]
      failed.append(
        Expectation(
          expression: expectation["expression"]?.asText ?? "",
          actual: actual == nil || actual == .null ? "none" : "\(actual ?? .null)"))
    }
    lost = report["readings"]?["lost"]?.asNumber
    if case .object(let fields)? = report["ingestion"]?["end_to_end_ms"] {
      latency = fields.compactMapValues(\.asNumber)
    }
    recall = report["detection"]?["recall"]?.asNumber
    let costs = (report["cluster"]?.items ?? []).filter { $0["mode"] == .text("measured") }
      .compactMap { $0["cost_usd"]?.asNumber }
    costDollars = costs.first
  }

  /// In a sentence.
  package var sentence: String {
    switch verdict {
    case "passed" where expectations == 0: "Nothing was expected, and nothing was found wrong"
    case "passed": "Passed: \(held == 1 ? "the expectation" : "all \(held) expectations") held"
    case "failed" where expectations > held:
      "Failed: \(expectations - held) of \(expectations) expectations did not hold"
    case "failed": "Failed"
    case "invalid": "Invalid: nothing may be concluded"
    case "gone": "The run has gone"
    default: "The run came to no verdict"
    }
  }
}

extension JSONValue {
  fileprivate subscript(_ key: String) -> JSONValue? {
    guard case .object(let fields) = self else { return nil }
    return fields[key]
  }
  fileprivate var asText: String? { if case .text(let text) = self { text } else { nil } }
  fileprivate var asNumber: Double? { if case .number(let number) = self { number } else { nil } }
  fileprivate var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
}
