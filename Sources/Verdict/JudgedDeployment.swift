import BatchScoring
import Detection
import Files
import Telemetry

/// What a deployment has made of the windows of a run: its jobs, and how well it found the anomalies.
package struct JudgedDeployment: Sendable {
  package let name: String
  package let jobs: [JobRecord]
  package let detection: DetectionMetrics
  /// Whether it scores with a script, and not with one-class SVMs.
  package let isScript: Bool

  /// Judges the jobs in `folder`. Throws `FileError`, `CSVError`, `ScoringError`.
  init(_ name: String, in folder: RunFolder, labels: [Label]) throws {
    self.name = name
    let store = try JobStore(reading: folder.jobs)
    jobs = try store.jobs()
    isScript = try jobs.last.flatMap { try store.deployment(of: $0.cut.id) }?.script != nil
    detection = try Evaluation(
      windows: JudgedFolder.scoredWindows(folder, store, jobs), labels: labels
    ).metrics()
  }
}
