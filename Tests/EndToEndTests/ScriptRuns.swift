import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Python interpreters of this machine, for tests that skip, saying so, where they are missing.
enum Python {
  static let plain = ExecutablePath.find("python3")
  /// One that has pandas and scikit-learn: on Debian `python3-pandas python3-sklearn`.
  static let scientific = having(["pandas", "sklearn"])

  static let plainIsMissing: Comment = "needs the package python3"
  static let scientificIsMissing: Comment = "needs the packages python3-pandas and python3-sklearn"

  /// The first interpreter that can import all of `modules`.
  static func having(_ modules: [String]) -> String? {
    ["python3", "/usr/bin/python3"].compactMap(ExecutablePath.find).first { python in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = ["-c", "import " + modules.joined(separator: ", ")]
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }
}

/// What came of one `sonde score` with a scoring script.
struct ScriptOutcome {
  /// The exit code, and what was said on standard error.
  let status: Int32
  let errors: String
  /// The rows of the prediction file; none where there is no file.
  let rows: [[String]]
  /// Of `failed.csv`: device, start and reason.
  let failed: [(device: String, start: String, reason: String)]

  func reasons(of device: String) -> Set<String> { Set(failed.filter { $0.device == device }.map(\.reason)) }

  /// Device, start, score and prediction of every row, in order.
  var scores: [String] { rows.map { "\($0[0]) \($0[2]) \($0[4]) \($0[5])" } }
}

extension ScoringRun {
  /// What most scripts of these tests begin with: a sound score of every window, with nothing but Python's own library.
  static let sound = """
    import csv, json, os, signal, sys, time

    def scores(mini_batch):
        rows = []
        for path in mini_batch:
            with open(path, newline="") as file:
                for row in csv.DictReader(file):
                    rows.append((row["device"], row["window_start"], 60.9 - float(row["mean"])))
        return rows

    def init():
        with open(os.environ["TEST_FOLDER"] + "/pids", "a") as file:
            file.write(f"{os.getpid()}\\n")


    """

  /// One that scores, after `inRun` has had a look at the rows of the task.
  static func script(_ inRun: String = "", before: String = "") -> String {
    let body = inRun.split(separator: "\n").map { "    \($0)\n" }.joined()
    return "\(sound)\(before)\ndef run(mini_batch):\n    rows = scores(mini_batch)\n\(body)    return rows\n"
  }

  /// Writes a script and an endpoint file that has it, and returns the path of that.
  func endpoint(
    _ script: String, file: String = "score.py", settings: [String] = [], python: String? = nil
  ) throws -> String {
    try Folder.make("\(folder)/code")
    try script.write(toFile: "\(folder)/code/\(file)", atomically: true, encoding: .utf8)
    if !file.hasSuffix(".py") { chmod("\(folder)/code/\(file)", 0o755) }
    let lines =
      ["code_configuration: { code: code, scoring_script: \(file) }"]
      + (python.map { ["environment: { python: \($0) }"] } ?? []) + settings
    return try endpoint(lines)
  }

  /// Writes an endpoint file with one deployment.
  func endpoint(_ lines: [String]) throws -> String {
    let path = "\(folder)/endpoint.yaml"
    try ("name: pumps\ndeployments:\n  script:\n" + lines.map { "    \($0)\n" }.joined()).write(
      toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Scores the second half of the windows.
  func score(
    _ endpoint: String, _ more: [String] = [], after: String = "2026-01-01T12:00:00Z",
    environment: [String: String?] = [:]
  ) async throws -> ScriptOutcome {
    let variables = ["TEST_FOLDER": folder].merging(environment) { $1 }
    let program = try await SondeProgram.run(
      ["score", folder, "--endpoint", endpoint, "--after", after] + more, environment: variables)
    return try outcome(status: program.status, errors: program.errors)
  }

  func outcome(status: Int32, errors: String) throws -> ScriptOutcome {
    func rows(_ name: String) throws -> [[String]] {
      let files = (try? outputs()) ?? [:]
      return try files.filter { $0.key.hasSuffix("/\(name)") }.sorted { $0.key < $1.key }.flatMap { _, data in
        var reader = try CSVReader(bytes: Array(data), path: name)
        var rows: [[String]] = []
        while let row = try reader.nextRow() { rows.append(row.fields) }
        return rows
      }
    }
    return ScriptOutcome(
      status: status, errors: errors, rows: try rows("predictions.csv"),
      failed: try rows("failed.csv").map { ($0[0], $0[2], $0[5]) })
  }

  /// No process that a script has written down is there any more.
  func expectNoProcessIsLeft(_ comment: Comment) async throws {
    let pids = ((try? TextFile.text(of: "\(folder)/pids")) ?? "").split(separator: "\n").compactMap {
      Int32($0)
    }
    try await waitUntil("every process has gone: \(comment)") {
      pids.allSatisfy { Processes.state(of: $0).map { $0 == "Z" } ?? true }
    }
  }
}
