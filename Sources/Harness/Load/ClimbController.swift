import DeviceFleet
import Telemetry
import Verdict

/// Decides how far a load climbs: after each step whether the next may follow. It is told what was seen and when, and starts nothing.
package struct ClimbController {
  /// One look.
  package struct Observation {
    /// Since the schedule began; nil before.
    package var now: Duration?
    /// Messages that ingestion has taken over.
    package var taken: Int
    /// The newest step of which ingestion has told, from 0, when it knew so many messages.
    package var told: Told?

    package init(now: Duration?, taken: Int, told: Told? = nil) {
      self.now = now
      self.taken = taken
      self.told = told
    }
  }

  /// What ingestion says of a step.
  package struct Told: Hashable, Sendable {
    package var step: Int
    package var known: Int
    package var p99: Double
    /// By how many seconds latency grew each second.
    package var growth: Double?

    package init(step: Int, known: Int, p99: Double, growth: Double?) {
      self.step = step
      self.known = known
      self.p99 = p99
      self.growth = growth
    }
  }

  package enum Action: Hashable {
    /// The fleet may publish what is due up to the end of this step, from 0.
    case allow(step: Int)
    /// Nothing more comes: everything of the allowed steps is stored, or will never be.
    case end
  }

  /// How long before a step it is settled whether it comes: it must reach the fleet in time.
  static let leadTime = Duration.milliseconds(150)
  /// How long nothing may be stored after the last step until nobody waits for the rest.
  static let silence = RunDefaults.drainSilence

  private let climb: LoadClimb
  /// Messages of all steps up to each.
  private let messages: [Int]
  private let factor: Double
  /// The newest step that may be published, from 0; -1 before the first.
  package private(set) var allowed = -1
  private var misses = 0
  private var isEnding = false
  private var hasEnded = false
  private var lastTaken = -1
  private var lastChange = Duration.zero

  /// - Parameter messages: How many messages all steps up to each have together.
  package init(_ climb: LoadClimb, messages: [Int], factor: Double) {
    self.climb = climb
    self.messages = messages
    self.factor = factor
  }

  package mutating func next(_ seen: Observation) -> Action? {
    guard allowed >= 0 else {
      allowed = 0
      return .allow(step: 0)
    }
    guard let now = seen.now, !hasEnded else { return nil }
    if isEnding { return end(seen, now) }
    let stepEnd = wall((climb.length + climb.rest) * allowed + climb.length)
    guard now >= stepEnd else { return nil }
    let isCarried = carried(seen)
    let deadline = stepEnd + wall(climb.rest) - Self.leadTime
    guard isCarried || now >= deadline else { return nil }
    misses = isCarried ? 0 : misses + 1
    if allowed + 1 < climb.steps, misses < LoadClimb.missesAtTheEnd {
      allowed += 1
      return .allow(step: allowed)
    }
    isEnding = true
    lastChange = now
    return end(seen, now)
  }

  private mutating func end(_ seen: Observation, _ now: Duration) -> Action? {
    if seen.taken != lastTaken { (lastTaken, lastChange) = (seen.taken, now) }
    guard seen.taken >= messages[allowed] || now - lastChange >= Self.silence else { return nil }
    hasEnded = true
    return .end
  }

  /// Whether everything of the newest step is known to be stored, and came in time.
  private func carried(_ seen: Observation) -> Bool {
    guard let told = seen.told, told.step == allowed, told.known >= messages[allowed] else { return false }
    var figures = LoadFigures(stage: allowed + 1, name: "step")
    let own = messages[allowed] - (allowed > 0 ? messages[allowed - 1] : 0)
    let seconds = climb.length.seconds / factor
    figures.seconds = seconds
    figures.offered = Double(own) / seconds
    figures.achieved = LoadFigures.achieved(offered: Double(own) / seconds, growth: told.growth)
    figures.p99 = told.p99
    figures.latencyMs = climb.latency.seconds * 1000
    return figures.isCarried == true
  }

  private func wall(_ time: Duration) -> Duration { .seconds(time.seconds / factor) }
}
