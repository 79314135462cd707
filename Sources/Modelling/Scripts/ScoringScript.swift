import Files
import Foundation
import Wording

/// What a deployment says of a scoring script: its code, what runs it, and its model. Paths are absolute.
package struct ScoringScript: Hashable, Sendable, Codable {
  /// How the script gets the windows of a task.
  package enum Input: String, CaseIterable, Hashable, Sendable, Codable {
    /// As paths of CSV files, one a device, or one a device and sensor.
    case files
    /// As one pandas DataFrame.
    case table
    /// Not windows, but the body of a request as text: the script of an online endpoint, which `sonde serve` runs.
    case raw
  }

  /// What is scored with.
  package enum Kind: Hashable, Sendable {
    /// A Python file with `init()` and `run(mini_batch)`.
    case python(file: String)
    /// Another program that speaks the protocol of scoring scripts.
    case executable(file: String)
    /// An ONNX graph, without code.
    case onnx
    /// A folder of MLflow, without code.
    case mlflow
  }

  /// The folder of the code; nil where the model needs none.
  package var code: String?
  /// The script, below ``code``.
  package var file: String?
  /// The Python interpreter; nil for `python3`.
  package var python: String?
  /// The packages that a virtual environment is made from; nil where the interpreter is used as it is.
  package var requirements: String?
  /// A file or folder of the model; nil where the script needs none, or trains its own.
  package var model: String?
  package var input: Input
  /// The memory that the script's process may have; nil for any.
  package var memoryBytes: Int?

  package init(
    code: String? = nil, file: String? = nil, python: String? = nil, requirements: String? = nil,
    model: String? = nil, input: Input = .files, memoryBytes: Int? = nil
  ) {
    self.code = code
    self.file = file
    self.python = python
    self.requirements = requirements
    self.model = model
    self.input = input
    self.memoryBytes = memoryBytes
  }

  package static let leastMemory = LeastNumber(ScriptDefaults.leastMemoryBytes)

  /// The kind of it. Throws ``ScoringError`` where there is neither a script nor a model that needs none.
  package func kind() throws(ScoringError) -> Kind {
    if let code, let file {
      let path = "\(code)/\(file)"
      return file.hasSuffix(".py") ? .python(file: path) : .executable(file: path)
    }
    guard let model else { throw ScoringError("a deployment needs models, a scoring script or a model") }
    if Folder.exists(model) {
      guard FileManager.default.fileExists(atPath: "\(model)/MLmodel") else {
        throw ScoringError(
          "model \(model): a folder without MLmodel is none of MLflow's; give a scoring script that reads it")
      }
      return .mlflow
    }
    guard model.hasSuffix(".onnx") else {
      throw ScoringError(
        "model \(model): without a scoring script it must be a file .onnx or a folder of MLflow")
    }
    return .onnx
  }

  /// What keeps it from being run, in a sentence: a path that is not there, a script that is none; nil where nothing does.
  package var fault: String? {
    do {
      if let code, !Folder.exists(code) { return "code: there is no folder \(code)" }
      let kind = try kind()
      if let model, !FileManager.default.fileExists(atPath: model) { return "model: there is no \(model)" }
      switch kind {
      case .python(let file):
        guard FileManager.default.isReadableFile(atPath: file), !Folder.exists(file) else {
          return "scoring_script: there is no file \(file)"
        }
      case .executable(let file):
        guard FileManager.default.fileExists(atPath: file), !Folder.exists(file) else {
          return "scoring_script: there is no file \(file)"
        }
        guard access(file, X_OK) == 0 else {
          return "scoring_script: \(file) is no Python file, and nothing that can be run"
        }
        guard input != .table else { return "input: only a Python script can be given a table" }
      case .onnx, .mlflow:
        guard input != .raw else { return "input: raw needs a scoring script with run(raw_data)" }
      }
      if let requirements, !FileManager.default.isReadableFile(atPath: requirements) {
        return "requirements: there is no file \(requirements)"
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// The folder in which the model is; nil where there is no model.
  package var modelFolder: String? {
    model.map { Folder.exists($0) ? $0 : ($0 as NSString).deletingLastPathComponent }
  }
}

/// The defaults and bounds of scoring scripts, each with its reason.
package enum ScriptDefaults {
  /// How many times as long as `run()` a script may take from its start to the end of its `init()`: packages on a cold disk and large
  /// models take longer than a task.
  static let startFactor = 10.0
  /// And how many seconds at least.
  static let leastStartSeconds = 30.0
  /// How often a worker tries in one job to start a script that does not start: it may be bad luck, such as a machine that is short of
  /// memory.
  static let startAttempts = 3
  /// How much of what a script prints during one task goes into the log: a script that prints a gigabyte must not fill the disk.
  package static let logBytesPerTask = 1 << 20
  /// The longest reply in bytes: it is one short line.
  static let replyBytes = 1 << 16
  /// The longest answer of an online endpoint's script in bytes: as long as the longest body of a request.
  static let answerBytes = 16 << 20
  /// How much of what a script has printed last is known, for the message where it does not start.
  static let tailBytes = 1024
  /// How much is read from a script at a time, and how often where it goes on: 1 MiB is the most that a pipe holds.
  static let pieceBytes = 1 << 16
  static let pipePieces = 16
  /// How many files of a script and its model are looked at before and after each task, whether they have changed: it takes a microsecond
  /// each.
  static let watchedFiles = 1000
  /// How many characters of a reason are told.
  static let reasonLength = 500
  /// How long an interpreter may take to say which version it is.
  static let versionTimeout = Duration.seconds(30)
  /// How much a task's rows may be larger than what is expected of them, and how much is always allowed.
  static let bytesPerRow = 4096
  /// How long a script may take to exit when it is told to; it has no task then.
  static let exitGrace = Duration.seconds(2)
  /// The least memory of a script's process: an interpreter with a numeric package takes about this.
  static let leastMemoryBytes = 64 << 20
  /// How often a training looks whether it is to stop.
  static let stopCheckInterval = Duration.milliseconds(100)
  /// How often a script's process is looked after where the kernel does not tell of its end.
  static let endCheckInterval = Duration.milliseconds(50)
}
