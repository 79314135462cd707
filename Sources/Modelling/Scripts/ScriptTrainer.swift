import Files
import Foundation
import Supervision
import Telemetry
import WindowStore
import Wording

/// Has a scoring script train its own model: `train(windows_path, model_dir)` is called once, on the windows of a range. What it leaves
/// in the folder is the model, under a version of its own; the record that names it is replaced in one rename, so that a job sees the
/// model before or the model after.
package struct ScriptTrainer: DetectorTrainer {
  /// What a training has left: `training-script.json` in the folder of the models.
  struct Record: Hashable, Codable {
    var range: TrainingRange
    /// Of the script that has trained it.
    var script: String
    /// The name of the model's folder, which is the beginning of the digest of its files.
    var model: String
    var windows: Int
    var seconds: Double
  }

  private let folder: RunFolder
  private let script: ScoringScript
  private let layout: ModelLayout
  private let environment: PythonEnvironment
  private let log: String
  private let isStopped: @Sendable () -> Bool

  /// - Parameters:
  ///   - folder: With the folder of the deployment's models.
  ///   - log: The path of the file into which goes what the script prints.
  ///   - isStopped: Whether a training is to be given up.
  package init(
    folder: RunFolder, script: ScoringScript, layout: ModelLayout, environment: PythonEnvironment,
    log: String,
    isStopped: @escaping @Sendable () -> Bool = { false }
  ) {
    self.isStopped = isStopped
    self.folder = folder
    self.script = script
    self.layout = layout
    self.environment = environment
    self.log = log
  }

  private static func record(in models: String) -> String { "\(models)/training-script.json" }

  /// The folder of the model that was trained last; nil where none was. Throws `FileError` and ``ScoringError``.
  static func model(in models: String) throws -> String? {
    let path = record(in: models)
    guard FileStamp(path) != nil else { return nil }
    return "\(models)/\(try JSONFile.read(Record.self, path).model)"
  }

  private func scriptVersion(_ python: String?) throws -> String {
    try ScriptSetup.version(of: script, python: python, model: nil, layout: layout)
  }

  /// Whether the model of `range` is there already, of this script.
  package func hasTrained(_ range: TrainingRange) async throws -> Bool {
    // A model that is given is not trained.
    guard script.model == nil else { return true }
    let path = Self.record(in: folder.models)
    guard FileStamp(path) != nil, let record = try? JSONFile.read(Record.self, path),
      record.range == range, Folder.exists("\(folder.models)/\(record.model)")
    else { return false }
    return try await record.script == scriptVersion(environment.interpreter(of: script))
  }

  /// Calls the script. One without `train` needs no model, and counts as trained.
  package func makeModels(_ range: TrainingRange) async throws -> TrainingOutcome {
    let python: String?
    do {
      python = try await environment.interpreter(of: script)
    } catch let error as ScoringError {
      return try nothing(error)
    }
    let version = try scriptVersion(python)
    try Folder.make(folder.models)
    let scratch = "\(folder.models)/training.tmp"
    try? FileManager.default.removeItem(atPath: scratch)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let model = "\(scratch)/model"
    try Folder.make(model)
    let windows = "\(scratch)/windows.csv"
    let count = try write(range, to: windows)
    guard count > 0 else {
      return try nothing(
        ScoringError(
          "no window of the store lies between \(range.from) and \(range.to); nothing can be trained"))
    }
    let begin = ContinuousClock.now
    let end: (code: Int32, said: String?)
    do {
      end = try await call(windows: windows, model: model, in: scratch, python)
    } catch let fault as ScriptFault {
      guard !isStopped() else {
        return TrainingOutcome(models: 0, nothingTrained: ScoringError("the training was stopped"))
      }
      return try nothing(ScoringError("the script's train() \(fault); what it printed is in \(log)"))
    }
    switch end.code {
    case 0: break
    case Self.doesNotTrain: return TrainingOutcome(models: 0)
    case let code:
      let reason = end.said ?? "it exited with code \(code)"
      return try nothing(
        ScoringError("the script's train() failed: \(reason); what it printed is in \(log)"))
    }
    let files = try FolderContents.files(in: model)
    guard !files.isEmpty else {
      return try nothing(
        ScoringError("the script's train() has left no file in the folder of the model"))
    }
    let name =
      try "t"
      + ScriptSetup.version(of: ScoringScript(), python: nil, model: model, layout: layout).dropFirst()
    let place = "\(folder.models)/\(name)"
    if !Folder.exists(place) {
      guard rename(model, place) == 0 else {
        throw FileError(path: place, action: .rename, reason: String(cString: strerror(errno)))
      }
      try AtomicFile.flushFolder(of: place)
    }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    try JSONFile.write(
      Record(range: range, script: version, model: name, windows: count, seconds: seconds),
      to: Self.record(in: folder.models))
    return TrainingOutcome(models: 1)
  }

  private func nothing(_ reason: ScoringError) throws -> TrainingOutcome {
    var outcome = TrainingOutcome(models: 0, nothingTrained: reason)
    outcome.hasOldModels = try Self.model(in: folder.models) != nil
    return outcome
  }

  /// What a script leaves with that does not train: the exit code for wrong arguments.
  private static let doesNotTrain: Int32 = 64

  /// Calls the script, and returns its exit code and what it said last. Throws ``ScriptFault`` where it was killed or stopped.
  private func call(
    windows: String, model: String, in scratch: String, _ python: String?
  ) async throws -> (code: Int32, said: String?) {
    let command: [String]
    switch try script.kind() {
    case .onnx, .mlflow: return (Self.doesNotTrain, nil)
    case .executable(let file): command = [file, "train", windows, model]
    case .python(let file):
      guard let python else { throw ScoringError("no Python interpreter") }
      command = [python, try ScriptSupport.driver.write(into: scratch), "train", file, windows, model]
    }
    try Folder.make((log as NSString).deletingLastPathComponent)
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileError(path: log, action: .create, reason: String(cString: strerror(errno)))
    }
    return try await withCheckedThrowingContinuation { continuation in
      // A thread that lives as long as the script does: see ``ScriptProcess``.
      Thread.detachNewThread { [script, layout, isStopped] in
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        continuation.resume(
          with: Result {
            let process = try ScriptProcess(
              command, in: script.code ?? "/", environment: ScriptSetup.environment(script, layout),
              memoryBytes: script.memoryBytes, log: { try? file.write(contentsOf: $0) })
            return try process.finish(isStopped: isStopped)
          })
      }
    }
  }

  /// Writes the windows of `range` as one file for the script, and returns how many rows that are. Throws `StoreError` and `FileError`.
  private func write(_ range: TrainingRange, to path: String) throws -> Int {
    let reader = try WindowStoreReader(path: folder.store)
    let file = try AtomicFileWriter(path: path, survivesPowerCut: false)
    try file.write(ScriptMiniBatch.headerLine)
    var count = 0
    for device in try reader.devices() {
      let found = try reader.windows(
        visibleAfter: nil, through: range.to, devices: [device], columns: ScriptMiniBatch.columns,
        from: range.from)
      for windows in found.map({ $0.inside(range) }) {
        for (_, indices) in ScriptMiniBatch.tables(of: windows, .device) {
          try file.write(ScriptMiniBatch.lines(of: windows, indices))
          count += indices.count
        }
      }
    }
    try file.finish()
    return count
  }
}
