import BatchScoring
import Detection
import Files
import OneClassSVM
import Telemetry
import Wording

/// What the predictions of a run would give at other thresholds.
///
/// Thresholds count from the boundary that LIBSVM found, as `model.threshold` of a scenario does: what the models' own thresholds
/// have moved it by is in their files, and is taken back. So the table is the same whatever threshold the run had, and a number of
/// it gives its row when it is put into the scenario.
package struct RunThresholds: Sendable {
  /// Where thresholds count from.
  package enum Origin: String, Sendable, Codable {
    /// The boundary that LIBSVM found, as the models' files say.
    case training
    /// The boundary that the scores were made with: which model made them is not known any more.
    case scores
  }

  package let sweep: ThresholdSweep
  package let origin: Origin
  /// The name of the threshold in use: `training`, `cross_validated` or a number; nil where models have different ones, or nobody
  /// knows.
  package let name: String?
  /// What the user should know of it; empty mostly.
  package private(set) var notices: [String] = []

  /// Sweeps over what is in `folder`, which is that of a run, or one with prediction files.
  ///
  /// - Parameter labelPath: The file of the labels; nil for those of the run.
  ///
  /// Throws ``FileError``, `CSVError` and `ScoringError`, also where nothing was scored, or there are no labels.
  package init(_ folder: RunFolder, labels labelPath: String?) throws {
    let labelPath = labelPath ?? folder.labels
    guard labelPath != folder.labels || FileStamp(labelPath) != nil else {
      throw FileError(
        path: folder.labels, action: .read,
        reason: "there are no labels; give those that you have with --labels FILE")
    }
    var known: [String: ThresholdRecord] = [:]
    var files: [String] = []
    if FileStamp(folder.jobs) == nil {
      files = try PredictionFiles(in: [folder.path]).paths
    } else {
      let store = try JobStore(reading: folder.jobs)
      var models: Set<String> = []
      for job in try store.jobs() where job.state == .completed {
        let deployment = try store.deployment(of: job.cut.id)
        // A summary has no windows.
        if deployment?.outputAction == .summaryOnly { continue }
        let output = deployment?.outputFileName ?? ScoringDefaults.outputFileName
        files.append(folder.job(job.cut.id, output: output).predictions)
        models.insert(deployment.map { folder.with(modelsOf: $0).models } ?? folder.models)
      }
      for models in models.sorted() where Folder.exists(models) {
        known.merge(try ModelFile.thresholds(in: models)) { $1 }
      }
    }
    guard !files.isEmpty else {
      throw FileError(
        path: folder.predictions, action: .read, reason: "no job of the run has scored a window")
    }
    var used: Set<String> = []
    let plain = try files.flatMap { path in
      try ScoredWindow.read(path) { version in
        used.insert(version)
        return known[version]?.loweredBy ?? 0
      }
    }
    let unknown = used.filter { known[$0] == nil }
    let windows: [ScoredWindow]
    if unknown.isEmpty {
      origin = .training
      windows = plain
    } else {
      origin = .scores
      windows = try files.flatMap { try ScoredWindow.read($0) }
      notices.append(
        "thresholds count from the boundary of the scores, and not from that of training: the folder has not the models of "
          + "\(unknown.count) of \(used.count) versions; as model.threshold they mean the same only where that is training"
      )
    }
    let records = used.compactMap { known[$0] }
    let names = Set(records.map(\.name))
    name = unknown.isEmpty && names.count == 1 ? names.first : nil
    var inUse: Double? = 0
    if origin == .training {
      let lowerings = Set(records.map(\.loweredBy))
      // 0 - 0 is not −0.
      inUse = lowerings.count == 1 ? lowerings.first.map { 0 - $0 } : nil
    }
    let labels = try LabelSource(path: labelPath, for: .init(windows))
    notices += labels.notices
    sweep = ThresholdSweep(Evaluation(windows: windows, labels: labels.labels), inUse: inUse)
    if sweep.anomalousWindows == 0 {
      notices.append("no scored window is anomalous by the labels, so recall, precision and F1 say nothing")
    }
  }
}
