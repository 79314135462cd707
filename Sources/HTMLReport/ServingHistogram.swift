import Files
import LoadCharts
import Verdict

/// The latencies of one load on the scoring service, as its folder has them: `latency.hgrm`, in the form of HdrHistogram's own tools.
enum ServingHistogram {
  /// Of longer files the rest is left out: a thousand percentiles are more than a picture has pixels.
  private static let mostLines = 2000

  /// The file of `trial` in `folder`.
  static func path(_ trial: ServingAccount.Trial, in folder: RunFolder) -> String {
    let replicas =
      trial.minReplicas == trial.maxReplicas
      ? "\(trial.maxReplicas)" : "\(trial.minReplicas)-to-\(trial.maxReplicas)"
    return "\(folder.serving)/replicas-\(replicas)-rows-\(trial.rowsPerRequest)/load/latency.hgrm"
  }

  /// The points of the file at `path`, in seconds; nil where there is no such file. Throws `FileError`, and `CSVError` with the line that
  /// is not what it should be.
  static func points(of path: String) throws -> [LatencyChart.Curve.Point]? {
    guard FileStamp(path) != nil else { return nil }
    let lines = try TextFile.text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
    var points: [LatencyChart.Curve.Point] = []
    // Two lines of titles.
    for (index, line) in lines.enumerated().dropFirst(2).prefix(mostLines) {
      if line.isEmpty || line.hasPrefix("#") { continue }
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count >= 3, let value = Double(fields[0]), let share = Double(fields[1]), value >= 0,
        (0...1).contains(share), value.isFinite
      else {
        throw CSVError(path: path, line: index + 1, reason: "it is no line of value, percentile and count")
      }
      if let last = points.last, last.percentile > share * 100 || last.seconds > value / 1000 {
        throw CSVError(path: path, line: index + 1, reason: "it is less than the line before")
      }
      if share < 1 { points.append(.init(share * 100, value / 1000)) }
    }
    return points
  }
}
