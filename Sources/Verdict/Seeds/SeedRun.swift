import Files

/// The run of one seed, as those of several seeds are put together from it: what its `report.json` says.
package struct SeedRun: Hashable, Sendable {
  package let seed: UInt64
  package let verdict: Verdict
  /// Why it is invalid or broke off, or what it found wrong of itself; nil where there is nothing to say.
  package let reason: String?
  /// Wall-clock time; nil where it broke off.
  package let seconds: Double?
  /// Null where it broke off: half of a run has no figures to count on.
  package let report: JSONValue

  /// - Parameter report: What `report.json` says.
  package init(seed: UInt64, report: JSONValue) {
    self.seed = seed
    var members: [String: JSONValue] = [:]
    if case .object(let found) = report { members = found }
    var reason: String?
    if case .text(let text)? = members["reason"] { reason = text }
    guard case .text(let name)? = members["verdict"], let found = Verdict(rawValue: name), found != .error
    else {
      verdict = .error
      self.reason = reason ?? "its report has no verdict"
      (seconds, self.report) = (nil, .null)
      return
    }
    verdict = found
    self.reason = reason
    self.report = report
    if case .number(let number)? = members["elapsed_seconds"] { seconds = number } else { seconds = nil }
  }

  /// A run that came to no verdict.
  package init(seed: UInt64, brokeOffBecause reason: String) {
    self.seed = seed
    verdict = .error
    self.reason = reason
    seconds = nil
    report = .null
  }

  /// Its folder, below that of all.
  package var folder: String { Self.folder(seed) }

  package static func folder(_ seed: UInt64) -> String { "seed-\(seed)" }

  var json: JSONValue {
    .object([
      "seed": JSONValue(seed: seed), "folder": .text(folder), "verdict": .text(verdict.rawValue),
      "reason": reason.map(JSONValue.text) ?? .null,
      "elapsed_seconds": seconds.map(JSONValue.number) ?? .null,
    ])
  }
}
