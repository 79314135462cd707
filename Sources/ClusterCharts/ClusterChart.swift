import Charts
import ClusterModel

/// The pictures of a sweep of cluster sizes, each a file of its own beside `clusters.csv`.
package enum ClusterChart: String, CaseIterable, Sendable {
  case speedup
}
