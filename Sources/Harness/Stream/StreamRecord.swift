import Files
import Foundation
import StreamScoring

/// Writes `stream.csv`: how scoring inside the stream stood, a line a second of wall time and one at the end.
final class StreamRecord {
  private let file: GrowingFile
  private var next = Duration.zero

  static let header = CSVWriter.line([
    "seconds", "function_requests", "function_events", "failed_function_requests", "retries",
    "backlogged_windows", "watermark_delay_ms",
  ])

  /// Throws `FileError` where the file cannot be made.
  init(path: String) throws {
    file = try GrowingFile(path: path)
    try file.write(Array(Self.header.utf8))
  }

  /// Writes what `state` says, if it is time for a line. Throws `FileError`.
  func note(_ state: StreamState, at now: Duration, isLast: Bool = false) throws {
    guard now >= next || isLast else { return }
    next = now + Timeline.interval
    let counts = [
      state.functionRequests, state.functionEvents, state.failedFunctionRequests, state.retries,
      state.backloggedWindows,
    ]
    try file.write(
      Array(
        CSVWriter.line(
          [String(format: "%.3f", now.seconds)] + counts.map(String.init) + ["\(state.watermarkDelayMs)"]
        ).utf8))
  }
}
