import Files
import Foundation
import Supervision

/// What a run was at, at one moment: a line of `timeline.csv`.
package struct TimelineEntry: Hashable {
  /// The parts whose memory and processor time are noted, each with the processes that it has started.
  package enum Part: String, CaseIterable {
    case broker, ingest, simulate, schedule, serve, stream
  }

  /// Wall-clock seconds since the fleet was started.
  package var seconds: Double
  package var phase: RunStatus.Phase
  /// Messages handed to the broker, and what has become of them.
  package var published = 0
  package var stored = 0
  package var late = 0
  package var rejected = 0
  /// First revisions of windows, one a sensor.
  package var windows = 0
  /// Rows of the prediction files of jobs that have completed.
  package var predictions = 0
  /// Messages that have left and have not been taken over.
  package var backlog: Int { max(0, published - stored - late - rejected) }
  /// Parts that are not there are left out.
  package var usage: [Part: ProcessUsage] = [:]

  package init(seconds: Double, phase: RunStatus.Phase) {
    self.seconds = seconds
    self.phase = phase
  }

  package static let header = CSVWriter.line(
    ["seconds", "phase", "published", "stored", "late", "rejected", "windows", "predictions", "backlog"]
      + Part.allCases.flatMap { ["\($0.rawValue)_memory_bytes", "\($0.rawValue)_cpu_seconds"] })

  package var line: String {
    CSVWriter.line(
      [String(format: "%.3f", seconds), phase.rawValue]
        + [published, stored, late, rejected, windows, predictions, backlog].map(String.init)
        + Part.allCases.flatMap { part -> [String] in
          guard let usage = usage[part] else { return ["", ""] }
          return ["\(usage.residentBytes)", String(format: "%.2f", usage.cpuSeconds)]
        })
  }
}

/// Writes `timeline.csv`: a line a second of wall time, and one at the end.
final class Timeline {
  /// A line is a read of /proc and of one row of the store.
  static let interval = Duration.seconds(1)

  private let file: GrowingFile
  private var next = Duration.zero

  /// Throws `FileError` where the file cannot be made.
  init(path: String) throws {
    file = try GrowingFile(path: path)
    try file.write(Array(TimelineEntry.header.utf8))
  }

  /// Writes what `entry` says, if it is time for a line. Throws `FileError`.
  func note(at now: Duration, isLast: Bool = false, _ entry: () throws -> TimelineEntry) throws {
    guard now >= next || isLast else { return }
    next = now + Self.interval
    try file.write(Array(try entry().line.utf8))
  }
}
