import Files
import Foundation

/// The pictures of a sweep of cluster sizes, each a file of its own beside `clusters.csv`.
package enum ClusterChart: String, CaseIterable, Hashable, Sendable {
  case speedup
  case efficiency
  case simulatedAgainstMeasured = "simulated-against-measured"
  case nodes
  case costAgainstTime = "cost-against-time"
  case sizesByNodes = "sizes-by-nodes"
  case month

  package var fileName: String { "\(rawValue).svg" }

  /// The picture as SVG; nil where `data` has nothing for it. Equal data give equal bytes.
  package func svg(_ data: ClusterPictureData) -> String? {
    switch self {
    case .speedup: CurveChart.speedup.svg(data, id: rawValue)
    case .efficiency: CurveChart.efficiency.svg(data, id: rawValue)
    case .simulatedAgainstMeasured: ComparisonChart.svg(data, id: rawValue)
    case .nodes: NodesChart.svg(data, id: rawValue)
    case .costAgainstTime: CostChart.svg(data, id: rawValue)
    case .sizesByNodes: SizesChart.svg(data, id: rawValue)
    case .month: MonthChart.svg(data, id: rawValue)
    }
  }

  /// Writes all pictures that `data` has something for into `folder`, which exists, and says which. An older picture without data
  /// of its own now is removed, so that none is left of another sweep. Throws ``FileError``.
  package static func write(_ data: ClusterPictureData, to folder: String) throws -> [ClusterChart] {
    try allCases.filter { chart in
      let path = "\(folder)/\(chart.fileName)"
      guard let svg = chart.svg(data) else {
        guard unlink(path) == 0 || errno == ENOENT else {
          throw FileError(path: path, action: .remove, reason: String(cString: strerror(errno)))
        }
        return false
      }
      // It can be made again from the figures beside it.
      try AtomicFile.write(svg.utf8, to: path, existing: .replace, survivesPowerCut: false)
      return true
    }
  }
}
