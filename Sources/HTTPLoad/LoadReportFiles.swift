import Files
import Foundation
import Histogram
import Telemetry

/// The folder of a load: `load.json`, a line a second in `timeline.csv`, and the whole distribution of latencies, from the planned send and
/// from the real one, in HdrHistogram's own text.
package struct LoadReportFiles: Sendable {
  private let folder: String

  /// Makes the folder. Throws ``HTTPLoadError`` where there is something in it, and `FileError`.
  package init(folder: String) throws {
    if let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty {
      throw HTTPLoadError("\(folder) is there and not empty; a load writes into a folder of its own")
    }
    try Folder.make(folder)
    self.folder = folder
  }

  /// Throws `FileError`.
  package func write(_ report: LoadReport, _ account: LoadAccount) throws {
    try AtomicFile.write(Self.timeline(account), to: "\(folder)/timeline.csv")
    try AtomicFile.write(Self.distribution(account.all.latency), to: "\(folder)/latency.hgrm")
    try AtomicFile.write(Self.distribution(account.service), to: "\(folder)/service-time.hgrm")
    try JSONFile.write(report, to: "\(folder)/load.json")
  }

  /// In milliseconds.
  private static func distribution(_ nanoseconds: Histogram<UInt64>) -> String {
    var text = ""
    nanoseconds.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1e6)
    return text
  }

  /// A line for each second of the load; empty where nothing was answered in it.
  package static func timeline(_ account: LoadAccount) -> String {
    var text = "second,planned,answered,rejected,errors,waiting,p50_ms,p99_ms,max_ms\n"
    for (number, second) in account.timeline.enumerated() {
      let counts = [
        number, second.planned, second.answered, second.rejected, second.errors, second.waiting,
      ]
      let times = [second.p50Ms, second.p99Ms, second.maxMs]
      text += CSVWriter.line(
        counts.map { "\($0)" } + times.map { $0.map { String(format: "%.3f", $0) } ?? "" })
    }
    return text
  }
}
