import HTTPLoad

/// From how many rows a request on more rows are hardly any cheaper.
///
/// A request of n rows takes about a + b·n: a for the request itself, b for each row. The knee is the smallest number of rows that was tried
/// of which the request itself takes at most a tenth of the time, a ≤ 0.1·(a + b·n). Above it, twice the rows take nearly twice the time and
/// save less than a twentieth of it; below it, what a row costs is mostly its share of the request. a and b are fitted to the medians of the
/// times from the real send to the answer, by least squares of the relative errors, so that small requests count as much as large ones.
package struct BatchSizeKnee: Hashable, Sendable {
  /// What a request takes besides its rows, in milliseconds.
  package var perRequestMs: Double
  /// What a row takes, in milliseconds.
  package var perRowMs: Double
  /// The smallest number of rows that was tried at or above the knee; nil where all that were tried are below it.
  package var rows: Int?

  /// The share of the time that the request itself may take at the knee.
  package static let share = 0.1
  /// Two points are always on a line; the third says whether there is one.
  static let fewestSizes = 3

  /// Nil where fewer than three numbers of rows have a time, or time does not grow with rows.
  package init?(_ points: [(rows: Int, milliseconds: Double)]) {
    let points = points.filter { $0.milliseconds > 0 }
    guard Set(points.map(\.rows)).count >= Self.fewestSizes else { return nil }
    // Weighted least squares of t = a + b·n with weights 1/t².
    var (w, wn, wnn, wt, wnt) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let (n, t) = (Double(point.rows), point.milliseconds)
      let weight = 1 / (t * t)
      w += weight
      wn += weight * n
      wnn += weight * n * n
      wt += weight * t
      wnt += weight * n * t
    }
    let slope = (w * wnt - wn * wt) / (w * wnn - wn * wn)
    guard slope > 0 else { return nil }
    perRowMs = slope
    perRequestMs = max(0, (wt - slope * wn) / w)
    let (request, row) = (perRequestMs, perRowMs)
    rows = points.map(\.rows).sorted().first { request <= Self.share * (request + row * Double($0)) }
  }

  /// The knee of the trials with the fewest replicas, which stand for one server.
  package init?(_ trials: [ServingAccount.Trial]) {
    let fewest = trials.map(\.maxReplicas).min()
    self.init(
      trials.filter { $0.maxReplicas == fewest }.compactMap { trial in
        trial.report.serviceTimeMs.p50.map { (trial.rowsPerRequest, $0) }
      })
  }
}
