import ClusterCharts
import ClusterModel
import Files
import Foundation
import Telemetry
import Verdict

/// The files of a sweep: the tables, and the pictures beside them.
package struct SweepFiles {
  private let path: String

  /// - Parameter path: The folder that they are in, which need not exist.
  package init(_ path: String) { self.path = path }

  /// Writes them, in place of older ones. Throws `FileError`.
  package func write(_ table: ClusterTable, _ account: SweepAccount) throws {
    try Folder.make(path)
    try AtomicFile.write(table.text, to: "\(path)/\(ClusterTable.fileName)", existing: .replace)
    try AtomicFile.write(
      table.nodesText, to: "\(path)/\(ClusterTable.nodesFileName)", existing: .replace)
    let pictures = "\(path)/clusters"
    try Folder.make(pictures)
    _ = try ClusterChart.write(ClusterPictureData(table, account), to: pictures)
  }

  /// The table that was written. Throws `FileError` and `CSVError`.
  package func table() throws -> ClusterTable {
    let (sizes, nodes) = ("\(path)/\(ClusterTable.fileName)", "\(path)/\(ClusterTable.nodesFileName)")
    return try ClusterTable(
      try TextFile.text(of: sizes), name: sizes, nodes: try TextFile.text(of: nodes), nodesName: nodes)
  }
}
