import BatchScoring
import Detection

/// The detection section of a report: what all completed jobs of a run predicted, against its labels.
enum DetectionReport {
  /// - Parameter store: Knows the jobs, and what each called its prediction file.
  static func value(layout: RunLayout, store: JobStore, jobs: [JobRecord], labels: [Label]) throws
    -> ReportValue
  {
    let folder = RunFolder(layout.folder)
    var windows: [ScoredWindow] = []
    for job in jobs where job.state == .completed {
      let deployment = try store.deployment(of: job.cut.id)
      // A summary has no windows.
      if deployment?.outputAction == .summaryOnly { continue }
      let files = folder.job(job.cut.id, output: deployment?.outputFileName ?? ScoringDefaults.outputFileName)
      windows += try ScoredWindow.read(files.predictions)
    }
    return try ReportValue(encoding: Evaluation(windows: windows, labels: labels).metrics())
  }
}
