import BatchScoring
import Detection

/// The detection section of a report: what all completed jobs of a run predicted, against its labels.
enum DetectionReport {
  static func value(layout: RunLayout, jobs: [JobRecord], labels: [Label]) throws -> ReportValue {
    var windows: [ScoredWindow] = []
    for job in jobs where job.state == .completed {
      windows += try ScoredWindow.read("\(layout.predictions)/\(job.cut.id)/predictions.csv")
    }
    return try ReportValue(encoding: Evaluation(windows: windows, labels: labels).metrics())
  }
}
