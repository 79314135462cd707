import Files
import Foundation
import OneClassSVM
import Telemetry

/// A scoring script as a job runs it: what its workers need to know, settled once for all of them.
package struct ScriptSetup: Hashable, Sendable, Codable {
  package var script: ScoringScript
  /// The interpreter; nil for a script that is a program itself.
  package var python: String?
  package var layout: ModelLayout
  /// The folder of the model, as `AZUREML_MODEL_DIR` says it; nil without a model.
  package var modelFolder: String?
  /// Of the code, the model and the settings together: other scores, another version.
  package var version: String
  /// How long `run()` may take.
  package var runSeconds: Double
  /// How long the start may take, with `init()`.
  package var startSeconds: Double

  /// Settles `script` as its files are now. Throws `FileError` and ``ScoringError``.
  ///
  /// - Parameters:
  ///   - python: The interpreter, see ``PythonEnvironment``.
  ///   - models: The folder in which it has trained its own model, where it does that.
  ///   - runSeconds: How long `run()` may take.
  package init(
    _ script: ScoringScript, python: String?, layout: ModelLayout, models: String, runSeconds: Double
  ) throws {
    self.script = script
    self.python = python
    self.layout = layout
    let trained = script.model == nil ? try ScriptTrainer.model(in: models) : nil
    modelFolder = script.modelFolder ?? trained
    self.runSeconds = runSeconds
    startSeconds = Self.startSeconds(runSeconds: runSeconds)
    version = try Self.version(of: script, python: python, model: script.model ?? trained, layout: layout)
  }

  /// Settles `script`, of an online endpoint, as its files are now. Throws `FileError`.
  ///
  /// - Parameter runSeconds: How long `run()` may take.
  package init(online script: ScoringScript, python: String?, runSeconds: Double) throws {
    self.script = script
    self.python = python
    layout = ModelLayout()
    modelFolder = script.modelFolder
    self.runSeconds = runSeconds
    startSeconds = Self.startSeconds(runSeconds: runSeconds)
    version = try Self.version(of: script, python: python, model: script.model, layout: layout)
  }

  /// How long a script may take to start whose `run()` may take so long.
  package static func startSeconds(runSeconds: Double) -> Double {
    max(ScriptDefaults.leastStartSeconds, ScriptDefaults.startFactor * runSeconds)
  }

  // MARK: - The process

  /// The folder that its process begins in: that of the code, or of the model where there is no code.
  var workingFolder: String { script.code ?? modelFolder ?? "/" }

  /// The command of its process. What comes with Sonde is written into `folder` first. Throws ``ScoringError`` and `FileError`.
  func command(writingInto folder: String) throws -> [String] {
    let kind = try script.kind()
    let file: String
    switch kind {
    case .executable(let file): return [file]
    case .python(let path): file = path
    case .onnx: file = try ScriptSupport.onnx.write(into: folder)
    case .mlflow: file = try ScriptSupport.mlflow.write(into: folder)
    }
    guard let python else { throw ScoringError("no Python interpreter") }
    return [python, try ScriptSupport.driver.write(into: folder), "serve", file]
  }

  /// What its process finds in its environment, besides what this one has.
  var environment: [String: String] {
    var variables = Self.environment(script, layout)
    variables["AZUREML_MODEL_DIR"] = modelFolder
    return variables
  }

  /// The same before there is a model.
  static func environment(_ script: ScoringScript, _ layout: ModelLayout) -> [String: String] {
    var variables = [
      "SONDE_PER": layout.per.rawValue,
      "SONDE_FEATURES": layout.features.map(\.rawValue).joined(separator: ","),
      "SONDE_INPUT": script.input.rawValue,
      "PYTHONUNBUFFERED": "1",
      // The folder of the code stays as its author has it.
      "PYTHONDONTWRITEBYTECODE": "1",
    ]
    if let model = script.model { variables["SONDE_MODEL"] = model }
    // The same scores on every worker, and as many threads in all as there are workers. Who wants it otherwise says so.
    let own = ProcessInfo.processInfo.environment
    for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"]
    where own[name] == nil { variables[name] = "1" }
    if own["PYTHONHASHSEED"] == nil { variables["PYTHONHASHSEED"] = "0" }
    return variables
  }

  /// The version of `script` with a model, as its files are now: `s` and the beginning of a SHA-256 of the names and contents of all files
  /// of the code and of the model, and of the settings that scores can depend on. Throws `FileError`.
  package static func version(of script: ScoringScript, python: String?, model: String?, layout: ModelLayout)
    throws -> String
  {
    var digest = RunningDigest()
    func add(_ name: String, _ value: String?) { digest.update(Array("\(name)=\(value ?? "")\n".utf8)) }
    add("script", script.file)
    add("input", script.input.rawValue)
    add("per", layout.per.rawValue)
    add("features", layout.features.map(\.rawValue).joined(separator: ","))
    add("python", python)
    for (name, path) in [("code", script.code), ("model", model), ("requirements", script.requirements)] {
      guard let path else { continue }
      for file in try FolderContents.files(in: path) {
        add(name, file.name)
        add("sha256", try Digest.sha256(file: file.path))
      }
    }
    return "s" + digest.sha256.prefix(11)
  }
}

/// The files of a folder that count.
enum FolderContents {
  /// All files below `path`, by name; the file itself where it is one. What Python and version control keep beside files is left out. Throws
  /// `FileError`.
  static func files(in path: String) throws -> [(name: String, path: String)] {
    guard Folder.exists(path) else { return [((path as NSString).lastPathComponent, path)] }
    guard let walk = FileManager.default.enumerator(atPath: path) else {
      throw FileError(path: path, action: .readFolder, reason: String(cString: strerror(errno)))
    }
    var names: [String] = []
    for case let name as String in walk {
      if ["__pycache__", ".git", ".venv"].contains((name as NSString).lastPathComponent) {
        walk.skipDescendants()
      } else if isFile("\(path)/\(name)") {
        names.append(name)
      }
    }
    return names.sorted().map { ($0, "\(path)/\($0)") }
  }

  /// Whether there is a file to read, and not a folder, a pipe, or a link that leads nowhere.
  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
