import Telemetry

/// How long devices were watched: the time that the false alarms of a detector are held against.
///
/// The scored time of a device is the **union** of its scored windows. Windows that overlap, as hopping ones do, and models
/// of several sensors of one device count their common time once; time between windows counts nowhere.
enum ScoredTime {
  /// A day, in milliseconds.
  private static let day = 86_400_000.0

  /// The scored time of all devices together, in days. 0 where every window is of one instant: such a window says nothing of
  /// the time for which it speaks.
  static func deviceDays(of windows: some Sequence<ScoredWindow>) -> Double {
    var spans: [DeviceID: [Range<Timestamp>]] = [:]
    var hasLength = false
    for window in windows where window.start < window.end {
      hasLength = hasLength || window.end - window.start > ScoredWindow.instant
      spans[window.device, default: []].append(window.start..<window.end)
    }
    guard hasLength else { return 0 }
    return Double(spans.values.reduce(0) { $0 + milliseconds(in: $1) }) / day
  }

  /// The milliseconds that lie in at least one of `spans`.
  private static func milliseconds(in spans: [Range<Timestamp>]) -> Int64 {
    var total: Int64 = 0
    var reached: Timestamp?
    for span in spans.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let from = max(span.lowerBound, reached ?? span.lowerBound)
      guard from < span.upperBound else { continue }
      total += (span.upperBound - from).milliseconds
      reached = span.upperBound
    }
    return total
  }
}
