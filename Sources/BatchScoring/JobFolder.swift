import Files
import Foundation

extension RunFolder {
  /// The files of one job.
  package func job(_ id: String, output: String = ScoringDefaults.outputFileName) -> JobFolder {
    JobFolder(path: "\(predictions)/\(id)", output: output)
  }

  /// The folder of a deployment that scores the windows of this run beside the run's own jobs.
  package func deployment(_ name: String) -> RunFolder { RunFolder("\(path)/deployments/\(name)") }

  /// The same folder with the models of `deployment`.
  package func with(modelsOf deployment: Deployment) -> RunFolder {
    // A script's own model lies in a folder of its own, so that several deployments can lie side by side.
    let ofScript = deployment.script.map { $0.modelFolder ?? "\(path)/models/\(deployment.name)" }
    return RunFolder(path, models: deployment.models ?? ofScript, store: store)
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
  package static func isOutputFileName(_ name: String) -> Bool {
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
  /// had given them: a process that goes on with it makes the same file again, and one that cancels it leaves none.
  func unpublish() throws {
    guard let rows = FileStamp(collectedRows), FileStamp(predictions) == rows else { return }
    for path in [success, predictions] where unlink(path) != 0 && errno != ENOENT {
      throw FileError(path: path, action: .remove, reason: String(cString: strerror(errno)))
    }
    // Before the database says that the job was canceled.
    try AtomicFile.flushFolder(of: predictions)
  }

  /// Makes the folders, and removes what a process killed while it wrote has left.
  func prepare() throws {
    try Folder.make(tasks)
    AtomicFile.removeTemporaryFiles(in: path)
    AtomicFile.removeTemporaryFiles(in: tasks)
  }
}
