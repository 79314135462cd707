import Files
import Foundation

/// Where the files of batch scoring are in a run's folder.
package struct RunFolder: Hashable, Sendable {
  package let path: String
  /// The folder of the models: the run's own, unless a deployment has others.
  package let models: String

  /// - Parameter models: The folder of the models; nil for the run's own.
  package init(_ path: String, models: String? = nil) {
    self.path = path
    self.models = models ?? "\(path)/models"
  }

  /// The same folder with the models of `deployment`.
  package func with(modelsOf deployment: Deployment) -> RunFolder {
    RunFolder(path, models: deployment.models)
  }

  /// The windows; written by ingestion alone.
  package var store: String { "\(path)/sonde.sqlite" }
  /// The jobs; written by batch scoring alone.
  package var jobs: String { "\(path)/jobs.sqlite" }
  /// What the models in ``models`` were trained on.
  package var trainingSetup: String { "\(models)/training.json" }
  /// There from the first model of a training to its last: the models are then of two trainings.
  var unfinishedTraining: String { "\(models)/training.unfinished" }
  var hasUnfinishedTraining: Bool { FileStamp(unfinishedTraining) != nil }

  /// Throws ``ScoringError`` where the models are of two trainings.
  package func refuseUnfinishedTraining() throws(ScoringError) {
    guard hasUnfinishedTraining else { return }
    throw ScoringError(
      "\(models) holds models of two trainings, because the last one was interrupted: train again, or remove "
        + "\(unfinishedTraining) where all of them have been replaced since")
  }

  /// What came of it.
  package var trainedModels: String { "\(models)/trained.csv" }
  /// The log files of workers.
  package var workerLogs: String { "\(path)/logs/workers" }

  /// The files of one job.
  package func job(_ id: String, output: String = ScoringDefaults.outputFileName) -> JobFolder {
    JobFolder(path: "\(path)/predictions/\(id)", output: output)
  }
}

/// Where the files of one job are.
package struct JobFolder: Hashable, Sendable {
  package let path: String
  private let output: String

  /// - Parameter output: The name of the prediction file.
  package init(path: String, output: String = ScoringDefaults.outputFileName) {
    self.path = path
    self.output = output
  }

  /// Whether a prediction file can be called `name`: it lies in the job's folder beside its other files.
  static func isOutputFileName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,127}/) != nil && name != "failed.csv" && name != "tasks"
      && !name.hasSuffix(".tmp")
  }

  package var predictions: String { "\(path)/\(output)" }
  package var failed: String { "\(path)/failed.csv" }
  package var success: String { "\(path)/_SUCCESS" }
  /// What is there only while the job runs, or was given up.
  package var tasks: String { "\(path)/tasks" }
  /// Tells workers what to do.
  package var description: String { "\(tasks)/job.json" }

  /// The rows of the prediction file so far, and how far that is; see ``CollectedParts``.
  var collectedRows: String { "\(tasks)/rows" }
  var collectedParts: String { "\(tasks)/collected" }

  /// What task `number` has found.
  package func part(_ number: Int) -> String { Self.part(number, of: description) }

  /// The same for a worker, which knows the path of the job's description alone.
  static func part(_ number: Int, of description: String) -> String {
    "\((description as NSString).deletingLastPathComponent)/task-\(number).part"
  }

  /// Takes the names of the prediction file and of `_SUCCESS` away again, where the job was not recorded as completed after it
  /// had given them: whoever goes on with it makes the same file again, and whoever cancels it leaves none.
  func unpublish() throws {
    guard let rows = FileStamp(collectedRows), FileStamp(predictions) == rows else { return }
    for path in [success, predictions] where unlink(path) != 0 && errno != ENOENT {
      throw FileError(path: path, action: "remove", reason: String(cString: strerror(errno)))
    }
    // Before the database says that the job was canceled.
    try AtomicFile.flushFolder(of: predictions)
  }

  /// Makes the folders, and removes what a process killed while it wrote has left.
  func prepare() throws {
    try Folder.make(tasks)
    Self.removeTemporaryFiles(in: path)
    Self.removeTemporaryFiles(in: tasks)
  }

  /// Removes the temporary files of `AtomicFile` in `folder`; nobody else may be writing there.
  static func removeTemporaryFiles(in folder: String) { removeTemporaryFiles(in: folder, startingWith: "") }

  /// Removes those of the file at `path` alone.
  static func removeTemporaryFiles(of path: String) {
    let path = path as NSString
    let folder = path.deletingLastPathComponent
    removeTemporaryFiles(in: folder.isEmpty ? "." : folder, startingWith: path.lastPathComponent + ".")
  }

  private static func removeTemporaryFiles(in folder: String, startingWith start: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(start) && name.hasSuffix(".tmp") {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }
}
