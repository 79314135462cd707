import BatchScoring
import Detection
import Files
import Telemetry
import Verdict

/// The files that say what was found in a run.
struct DetectionFiles {
  /// When the windows of a prediction file could be known.
  enum Fired: Hashable {
    case at(Timestamp)
    /// By the job that closes a finished stream: when the last of its windows is over.
    case atTheEnd
  }

  /// Of each prediction file, in the order of ``devices``.
  let fired: [Fired]
  let labels: [Label]
  let devices: ClassifiedDevices

  /// The files of the run in `folder`; nil where no job has completed that has scored windows. Throws `FileError`, `CSVError` and
  /// `ScoringError`.
  init?(_ folder: RunFolder) throws {
    guard FileStamp(folder.jobs) != nil else { return nil }
    let store = try JobStore(reading: folder.jobs)
    let files = try JudgedFolder.predictionFiles(folder, store, store.jobs())
    guard !files.isEmpty else { return nil }
    fired = files.map { file in
      (file.job.cut.firedAt ?? file.job.cut.through).map(Fired.at) ?? .atTheEnd
    }
    labels = FileStamp(folder.labels) == nil ? [] : try LabelFile.read(folder.labels)
    devices = ClassifiedDevices(files.map(\.path), labels: labels)
  }
}
