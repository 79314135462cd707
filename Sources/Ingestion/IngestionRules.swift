import Telemetry
import WindowStore

/// What becomes of readings: the part of ``IngestionSettings`` that a scenario says as well.
package struct IngestionRules: Hashable, Sendable {
  /// What the windows mean.
  package var windows: WindowSettings
  package var latePolicy = LatePolicy.keep
  /// How far ahead of every clock a time may lie; nil believes all. See ``IngestionFold/futureLimit``.
  package var futureLimit: Duration? = IngestionDefaults.futureLimit
  package var idleAfter = IngestionDefaults.idleAfter
  /// How much event time behind the fleet's time is kept; nil keeps everything.
  package var retain: Duration?
  /// How large the store may become, in bytes; nil: as large as it likes.
  package var retainBytes: Int?

  package init(windows: WindowSettings) { self.windows = windows }

  /// A setting that cannot be, by its name in scenarios, and why.
  package struct Problem: Hashable, Sendable {
    package let setting: String
    package let reason: String
  }

  /// What cannot be. Options, scenarios and files of settings all ask here.
  package var problems: [Problem] {
    var problems: [Problem] = []
    func check(_ isSound: Bool, _ setting: String, _ reason: @autoclosure () -> String) {
      if !isSound { problems.append(Problem(setting: setting, reason: reason())) }
    }
    let shortest = Duration.milliseconds(1)
    check(windows.window >= shortest, "window", "a window lasts at least 1ms")
    if windows.window >= shortest {
      if windows.hop < shortest {
        check(false, "hop", "at least 1ms")
      } else if windows.hop > windows.window {
        check(false, "hop", "longer than the window; readings would fall between")
      } else {
        check(
          windows.window.milliseconds / windows.hop.milliseconds <= IngestionDefaults.mostWindowsOfAReading,
          "hop", "a reading would be in more than \(IngestionDefaults.mostWindowsOfAReading) windows")
      }
    }
    if let gap = windows.sessionGap {
      check(gap >= shortest, "session_gap", "at least 1ms")
      check(
        gap <= windows.window, "session_gap", "longer than the window, at whose multiples sessions are cut")
      check(
        windows.hop == windows.window, "session_gap", "hop and session_gap exclude each other; give one")
    }
    check(windows.outOfOrderness >= .zero, "out_of_orderness", "below zero")
    check(windows.allowedLateness >= .zero, "allowed_lateness", "below zero")
    check(idleAfter > .zero, "idle_after", "above zero")
    if let futureLimit { check(futureLimit > .zero, "future_limit", "above zero, or off") }
    if let retain {
      check(
        retain >= windows.window + windows.outOfOrderness + windows.allowedLateness, "retain",
        "shorter than window, out_of_orderness and allowed_lateness together")
    }
    if let retainBytes {
      check(
        retainBytes >= IngestionDefaults.leastRetainBytes, "retain_bytes",
        "expected a size of at least \(IngestionDefaults.leastRetainBytes) bytes, such as 500MB")
    }
    return problems
  }
}

extension IngestionRules: Codable {
  /// In a file all spans are in milliseconds.
  private enum CodingKeys: String, CodingKey {
    case windowMs, hopMs, sessionGapMs, outOfOrdernessMs, allowedLatenessMs
    case latePolicy, futureLimitMs, idleAfterMs, retainMs, retainBytes
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func span(_ key: CodingKeys) throws -> Duration? {
      try container.decodeIfPresent(Int64.self, forKey: key).map { .milliseconds($0) }
    }
    func required(_ key: CodingKeys) throws -> Duration {
      .milliseconds(try container.decode(Int64.self, forKey: key))
    }
    self.init(
      windows: WindowSettings(
        window: try required(.windowMs), hop: try span(.hopMs), sessionGap: try span(.sessionGapMs),
        outOfOrderness: try required(.outOfOrdernessMs), allowedLateness: try required(.allowedLatenessMs)))
    latePolicy = try container.decode(LatePolicy.self, forKey: .latePolicy)
    futureLimit = try span(.futureLimitMs)
    idleAfter = try required(.idleAfterMs)
    retain = try span(.retainMs)
    retainBytes = try container.decodeIfPresent(Int.self, forKey: .retainBytes)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(windows.window.milliseconds, forKey: .windowMs)
    try container.encode(windows.hop.milliseconds, forKey: .hopMs)
    try container.encodeIfPresent(windows.sessionGap?.milliseconds, forKey: .sessionGapMs)
    try container.encode(windows.outOfOrderness.milliseconds, forKey: .outOfOrdernessMs)
    try container.encode(windows.allowedLateness.milliseconds, forKey: .allowedLatenessMs)
    try container.encode(latePolicy, forKey: .latePolicy)
    try container.encodeIfPresent(futureLimit?.milliseconds, forKey: .futureLimitMs)
    try container.encode(idleAfter.milliseconds, forKey: .idleAfterMs)
    try container.encodeIfPresent(retain?.milliseconds, forKey: .retainMs)
    try container.encodeIfPresent(retainBytes, forKey: .retainBytes)
  }
}
