import Files
import LoadCharts
import Verdict

/// The files of a load that has stages: the table, and the picture of a climb beside it.
package struct LoadFiles {
  private let folder: String

  package init(_ folder: String) { self.folder = folder }

  /// Writes them; nothing of a load that has one stage. Throws `FileError`.
  package func write(_ report: RunReport) throws {
    guard report.load.count > 1 || report.capacity != nil else { return }
    try AtomicFile.write(
      LoadTable(report.load).text, to: "\(folder)/\(LoadTable.fileName)", existing: .replace)
    guard let capacity = report.capacity, let svg = CapacityChart.svg(capacity) else { return }
    try AtomicFile.write(
      svg, to: "\(folder)/\(CapacityChart.fileName)", existing: .replace)
  }
}
