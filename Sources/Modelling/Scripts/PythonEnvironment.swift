import Files
import Foundation
import Subprocess
import Supervision
import Synchronization
import SystemPackage
import Wording

/// The Python that a scoring script runs in: an interpreter as it is, or a virtual environment that is made once from a file of
/// requirements and kept, in the user's cache, under the digest of what it is made from.
package struct PythonEnvironment: Sendable {
  /// The folder of all environments.
  package let folder: String
  private let report: @Sendable (String) -> Void

  /// - Parameters:
  ///   - folder: nil for `sonde/environments` in the user's cache.
  ///   - report: Is told what takes long.
  package init(folder: String? = nil, report: @escaping @Sendable (String) -> Void) {
    self.folder = folder ?? Self.standardFolder
    self.report = report
  }

  private static var standardFolder: String {
    let variables = ProcessInfo.processInfo.environment
    let cache =
      variables["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(NSHomeDirectory())/.cache"
    return "\(cache)/sonde/environments"
  }

  /// The interpreter for `script`, made ready; nil for a script that is a program itself. Throws ``ScoringError`` where there is none, or
  /// its packages cannot be installed.
  package func interpreter(of script: ScoringScript) async throws -> String? {
    if case .executable = try script.kind() { return nil }
    let name = script.python ?? "python3"
    guard let python = ExecutablePath.find(name) else {
      throw ScoringError(
        "there is no Python interpreter \(name.quoted)"
          + (script.python == nil ? "; it is in the package python3" : ""))
    }
    let (version, own) = try await Self.version(of: python)
    guard let requirements = script.requirements else { return own }
    return try await environment(of: requirements, own, version)
  }

  private func environment(of requirements: String, _ python: String, _ version: String) async throws
    -> String
  {
    let text = try TextFile.text(of: requirements)
    let digest = Digest.sha256(text: "\(version)\n\(text)").prefix(16)
    let environment = "\(folder)/\(digest)"
    let ready = "\(environment)/ready"
    // An interpreter that it was made from may have been removed.
    var isReady: Bool { FileStamp(ready) != nil && access("\(environment)/bin/python", X_OK) == 0 }
    if isReady { return "\(environment)/bin/python" }
    try Folder.make(folder)
    // Two that want the same environment at the same time make it once.
    let lock = open("\(environment).lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard lock >= 0 else {
      throw FileError(path: "\(environment).lock", action: .create, reason: String(cString: strerror(errno)))
    }
    defer { close(lock) }
    var hasTold = false
    while flock(lock, LOCK_EX | LOCK_NB) != 0 {
      if !hasTold { report("somebody else makes the Python environment of \(requirements); waiting for it") }
      hasTold = true
      try await Task.sleep(for: .milliseconds(200))
    }
    if isReady { return "\(environment)/bin/python" }
    let log = "\(environment).log"
    report("making the Python environment of \(requirements), once; what pip says is in \(log)")
    // One that was begun and not finished.
    try? FileManager.default.removeItem(atPath: environment)
    try? FileManager.default.removeItem(atPath: log)
    let begin = ContinuousClock.now
    try await run([python, "-m", "venv", environment], log: log, of: requirements)
    try await run(
      [
        "\(environment)/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "-r", requirements,
      ], log: log, of: requirements)
    try AtomicFile.write(text, to: ready, existing: .replace)
    let seconds = ((ContinuousClock.now - begin) / .seconds(1)).rounded()
    report("the Python environment of \(requirements) is ready after \(Int(seconds)) s")
    return "\(environment)/bin/python"
  }

  /// Runs `command`, and says every few seconds how far it is. Throws ``ScoringError`` where it fails.
  private func run(_ command: [String], log path: String, of requirements: String) async throws {
    let log = try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
    let progress = Task { [report] in
      while true {
        try await Task.sleep(for: Self.progressInterval)
        if let line = Self.lastLine(of: path) { report("pip: \(line)") }
      }
    }
    defer { progress.cancel() }
    let words = TiedCommand.words(command, signal: "TERM")
    let result = try await Subprocess.run(
      .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
      workingDirectory: FilePath((requirements as NSString).deletingLastPathComponent),
      output: .fileDescriptor(log, closeAfterSpawningProcess: false),
      error: .fileDescriptor(log, closeAfterSpawningProcess: true))
    guard result.terminationStatus.isSuccess else {
      throw ScoringError(
        "the Python environment of \(requirements) cannot be made: \(Self.lastLine(of: path) ?? "\(result.terminationStatus)"); "
          + "all of it is in \(path)")
    }
  }

  /// Interpreters that have been asked, and what they said.
  private static let known = Mutex<[String: (stamp: FileStamp?, version: String, path: String)]>([:])

  /// The version of the interpreter `python`, and its own path, which is another one where `python` is a script that chooses it. Throws
  /// ``ScoringError`` where it is none, or too old.
  private static func version(of python: String) async throws -> (version: String, path: String) {
    let stamp = FileStamp(python)
    if let known = known.withLock({ $0[python] }), known.stamp == stamp { return (known.version, known.path) }
    let question =
      "import sys; print(sys.version_info >= (3, 8), sys.executable, sys.prefix, sys.version, sep='\\n')"
    let said: String
    do {
      said = try await withThrowingTaskGroup(of: String.self) { group in
        group.addTask {
          let words = TiedCommand.words([python, "-c", question], signal: "KILL")
          let result = try await Subprocess.run(
            .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
            output: .string(limit: 4096), error: .discarded)
          guard result.terminationStatus.isSuccess else { throw ScoringError("\(result.terminationStatus)") }
          return result.standardOutput
        }
        group.addTask {
          try await Task.sleep(for: ScriptDefaults.versionTimeout)
          throw ScoringError("it does not answer")
        }
        defer { group.cancelAll() }
        return try await group.next() ?? ""
      }
    } catch {
      throw ScoringError("\(python) is no Python interpreter: asked for its version, it failed: \(error)")
    }
    let lines = said.split(separator: "\n").map(String.init)
    guard lines.count >= 4, ["True", "False"].contains(lines[0]) else {
      throw ScoringError("\(python) is no Python interpreter: asked for its version, it said something else")
    }
    guard lines[0] == "True" else {
      throw ScoringError("\(python) is Python \(lines[3]); scoring scripts need 3.8 or later")
    }
    let answer = (version: lines[2...].joined(separator: "\n"), path: lines[1])
    known.withLock { $0[python] = (stamp, answer.version, answer.path) }
    return answer
  }

  private static let progressInterval = Duration.seconds(5)

  /// The last line of a log that says something.
  static func lastLine(of path: String) -> String? {
    guard let text = try? TextFile.text(of: path) else { return nil }
    return text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map {
      String($0.prefix(300))
    }
  }
}
