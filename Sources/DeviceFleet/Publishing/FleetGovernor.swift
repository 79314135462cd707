import Telemetry

/// Keeps several publishing processes at about the same event time, and together within what may be published.
///
/// Each process publishes on its own up to a horizon. Where there is a brake, the horizon moves as the slowest comes near it:
/// never further than the messages that are still allowed, at the fleet's average rate, and never more than a
/// step, so that no device is far ahead of another. Without a brake there is no horizon.
struct FleetGovernor {
  /// Messages that a step of the horizon stands for: enough to keep the processes busy, few enough to keep them together.
  static let messagesPerStep = 4096

  private let messagesPerMs: Double
  private let isFree: Bool
  private(set) var published: [Int]
  private var reached: [Int64?]
  private(set) var horizonMs: Int64

  /// - Parameters:
  ///   - isFree: Whether a schedule keeps the processes together, and nothing else holds them back.
  init(start: Timestamp, end: Timestamp, messages: Int, processes: Int, isFree: Bool) {
    let span = Double(max(1, end.milliseconds - start.milliseconds))
    messagesPerMs = max(Double(messages), 1) / span
    self.isFree = isFree
    published = Array(repeating: 0, count: processes)
    reached = Array(repeating: start.milliseconds - 1, count: processes)
    horizonMs = start.milliseconds - 1
  }

  /// Notes how far a process is.
  mutating func note(process: Int, published: Int, reached: Timestamp) {
    self.published[process] = published
    if self.reached[process] != nil { self.reached[process] = reached.milliseconds }
  }

  /// Notes that a process has nothing more to publish.
  mutating func noteEnd(process: Int) { reached[process] = nil }

  /// The new horizon, as milliseconds since 1970; nil where it stays.
  ///
  /// - Parameter allowance: How many messages may have been published in all.
  mutating func advance(allowance: Int) -> Int64? {
    guard !isFree else {
      guard horizonMs != .max else { return nil }
      horizonMs = .max
      return horizonMs
    }
    guard let slowest = reached.compactMap(\.self).min() else { return nil }
    let allowed = allowance.subtractingReportingOverflow(published.reduce(0, +)).partialValue
    let messages = min(allowed, 2 * Self.messagesPerStep)
    guard messages > 0 else { return nil }
    let next = slowest + max(1, Int64(Double(messages) / messagesPerMs))
    guard next > horizonMs else { return nil }
    horizonMs = next
    return next
  }
}
