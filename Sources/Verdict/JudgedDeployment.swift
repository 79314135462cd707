import BatchScoring
import Detection
import Files
import Telemetry
import WindowStore

/// What a deployment has made of the windows of a run: its jobs, and how well it found the anomalies.
package struct JudgedDeployment: Sendable {
  package let name: String
  package let jobs: [JobRecord]
  package let detection: DetectionMetrics
  /// Whether it scores with a script, and not with one-class SVMs.
  package let isScript: Bool

  /// Judges the jobs in `folder`, which scored windows of `windows`. Throws `StoreError`, `FileError`, `CSVError`, `ScoringError`.
  ///
  /// - Parameter threeSigma: What it is held against; nil where nothing is trained.
  init(
    _ name: String, in folder: RunFolder, _ windows: WindowStoreReader, labels: [Label],
    _ threeSigma: ThreeSigmaFloor?
  ) throws {
    self.name = name
    let store = try JobStore(reading: folder.jobs)
    jobs = try store.jobs()
    isScript = try jobs.last.flatMap { try store.deployment(of: $0.cut.id) }?.script != nil
    let scored = try JudgedFolder.scoredWindows(folder, store, jobs)
    detection = Evaluation(
      windows: scored, labels: labels, threeSigma: try threeSigma?.scores(of: scored, in: windows) ?? []
    ).metrics()
  }
}
