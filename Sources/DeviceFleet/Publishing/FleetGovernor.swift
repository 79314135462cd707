import Telemetry

/// Keeps several publishing processes at about the same event time, and together within what may be published.
///
/// Each process publishes on its own up to a horizon. Where there is a brake, the horizon moves as the slowest comes near it:
/// never further than the messages that are still allowed, at the fleet's average rate, and than what may be under way
/// (``FleetDefaults/underWay(_:)``). Without a schedule, which would keep them together, it is never more than two steps ahead.
/// So no device is far ahead of another.
package struct FleetGovernor {
  /// Messages that a step of the horizon stands for: enough to keep the processes busy, few enough to keep them together.
  package static let messagesPerStep = 4096

  private let messagesPerMs: Double
  private let hasSchedule: Bool
  private let underWayMs: Int64
  private var published: [Int]
  private var reached: [Int64?]
  private var horizonMs: Int64

  package init(start: Timestamp, end: Timestamp, messages: Int, processes: Int, clock: PublishingClock) {
    let span = Double(max(1, end.milliseconds - start.milliseconds))
    messagesPerMs = max(Double(messages), 1) / span
    hasSchedule = clock != .max
    underWayMs = FleetDefaults.underWay(clock).milliseconds
    published = Array(repeating: 0, count: processes)
    reached = Array(repeating: start.milliseconds - 1, count: processes)
    horizonMs = start.milliseconds - 1
  }

  /// Notes how far a process is.
  package mutating func note(process: Int, published: Int, reached: Timestamp) {
    self.published[process] = published
    if self.reached[process] != nil { self.reached[process] = reached.milliseconds }
  }

  /// How many messages have left, all processes together, as far as they have said.
  package var publishedInAll: Int { published.reduce(0, +) }

  /// Notes that a process has nothing more to publish.
  package mutating func noteEnd(process: Int) { reached[process] = nil }

  /// The new horizon, as milliseconds since 1970; nil where it stays.
  package mutating func advance(_ limit: FleetProcesses.Limit) -> Int64? {
    switch limit {
    case .messages(let messages): return advance(allowance: messages)
    case .horizon(let horizon):
      guard let horizon, horizon > horizonMs else { return nil }
      horizonMs = horizon
      return horizon
    }
  }

  /// The same where messages are counted.
  ///
  /// - Parameter allowance: How many messages may have been published in all.
  package mutating func advance(allowance: Int) -> Int64? {
    guard !hasSchedule || allowance < .max else {
      guard horizonMs != .max else { return nil }
      horizonMs = .max
      return horizonMs
    }
    guard let slowest = reached.compactMap(\.self).min() else { return nil }
    let allowed = allowance.subtractingReportingOverflow(published.reduce(0, +)).partialValue
    let messages = hasSchedule ? allowed : min(allowed, 2 * Self.messagesPerStep)
    guard messages > 0 else { return nil }
    let next = slowest + min(underWayMs, max(1, Int64(Double(messages) / messagesPerMs)))
    guard next > horizonMs else { return nil }
    horizonMs = next
    return next
  }
}
