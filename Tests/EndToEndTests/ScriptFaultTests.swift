import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Scoring scripts that do what they should not. Each fault has a reason of its own; its rows fail, the others are scored, and nothing is
/// left behind.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
struct ScriptFaultTests {
  /// A fault of one device's task.
  struct Fault: CustomTestStringConvertible, Sendable {
    var name: String
    /// What the script does with the rows of pump-1.
    var code: String
    /// The reason of the rows that fail.
    var reason: String
    /// How many of the 12 rows fail.
    var rows = 12
    var settings: [String] = []
    var testDescription: String { name }
  }

  private static let faults = [
    Fault(
      name: "raises", code: "raise ValueError('no\\nsuch valve')",
      reason: "failed: ValueError: no such valve (score.py:"),
    Fault(name: "raises what says nothing", code: "raise KeyError()", reason: "failed: KeyError (score.py:"),
    Fault(
      name: "hangs", code: "time.sleep(3600)", reason: "the script took longer than 10 s in run()",
      settings: ["retry_settings: { max_retries: 1, timeout: 10s }"]),
    Fault(
      name: "hangs, and does not want to end",
      code:
        "for number in range(1, 32):\n  if number not in (9, 19): signal.signal(number, signal.SIG_IGN)\ntime.sleep(3600)",
      reason: "the script took longer than 10 s in run()",
      settings: ["retry_settings: { max_retries: 0, timeout: 10s }"]),
    Fault(name: "a row too few", code: "rows = rows[1:]", reason: "returned no row for this window", rows: 1),
    Fault(name: "no rows", code: "rows = []", reason: "returned no row for this window"),
    Fault(name: "nothing", code: "rows = None", reason: "failed: run() returned nothing"),
    Fault(name: "a number", code: "rows = 7", reason: "failed: run() returned int, and neither a list"),
    Fault(name: "numbers", code: "rows = [1.5, 2.5]", reason: "failed: run() returned a list of float"),
    Fault(
      name: "rows that are short", code: "rows = [row[:2] for row in rows]",
      reason: "failed: run() returned a row of 2 fields; expected device, window_start, score"),
    Fault(
      name: "a row too many", code: "rows.append(('pump-1', '2030-01-01T00:00:00Z', 1.0))",
      reason: "returned a row of a window that it was not given, such as “pump-1 2030-01-01T00:00:00Z”"),
    Fault(
      name: "rows without end", code: "import itertools\nrows = itertools.repeat(rows[0])",
      reason: "returned more than"),
    Fault(name: "rows doubled", code: "rows += rows", reason: "returned more than one row for this window"),
    Fault(
      name: "one row doubled", code: "rows.append(rows[3])",
      reason: "returned more than one row for this window", rows: 1),
    Fault(
      name: "NaN", code: "rows[2] = rows[2][:2] + (float('nan'),)",
      reason: "the script's score is nan; only finite",
      rows: 1),
    Fault(
      name: "infinity", code: "rows[2] = rows[2][:2] + (float('-inf'),)",
      reason: "the script's score is -inf; only finite",
      rows: 1),
    Fault(
      name: "a number beyond all", code: "rows[2] = rows[2][:2] + (10 ** 400,)",
      reason: "only finite numbers", rows: 1),
    Fault(
      name: "text", code: "rows[2] = rows[2][:2] + ('bad',)",
      reason: "the script's score is “bad”, which is no number",
      rows: 1),
    Fault(
      name: "no score", code: "rows[2] = rows[2][:2] + (None,)", reason: "returned no score for this window",
      rows: 1),
    Fault(
      name: "keys of another device", code: "rows = [('pump-7',) + row[1:] for row in rows]",
      reason: "12 rows of windows that it was not given, such as “pump-7 2026-01-01T"),
    Fault(
      name: "keys of a task-mate's", code: "rows = [('pump-2',) + row[1:] for row in rows]",
      reason: "12 rows of windows that it was not given, such as “pump-2 2026-01-01T"),
    Fault(
      name: "times by themselves", code: "rows = [(row[0], row[1][11:19], row[2]) for row in rows]",
      reason: "12 rows of windows that it was not given, such as “pump-1 01:"),
    Fault(
      name: "scikit-learn's predictions", code: "rows[0] += (-1,)",
      reason: "the script's prediction is “-1”; 1 is an anomaly, and 0 is none", rows: 1),
    Fault(name: "exits", code: "sys.exit(3)", reason: "failed: it called exit(3) (score.py:"),
    Fault(
      name: "exits at once", code: "os._exit(3)", reason: "the script exited with code 3",
      settings: ["retry_settings: { max_retries: 0 }"]),
    Fault(
      name: "is killed", code: "os.kill(os.getpid(), signal.SIGSEGV)",
      reason: "the script was ended by signal 11", settings: ["retry_settings: { max_retries: 0 }"]),
    Fault(
      name: "forks, and its child comes back in its place", code: "if os.fork(): os._exit(0)",
      reason: "the script exited with code 0", settings: ["retry_settings: { max_retries: 0 }"]),
    Fault(
      name: "eats memory", code: "held = bytearray(512 << 20)",
      reason: "MemoryError (score.py:", settings: ["resources: { memory: 256MiB }"]),
    Fault(
      name: "closes everything", code: "os.closerange(3, 1000)", reason: "the script exited with code 1",
      settings: ["retry_settings: { max_retries: 0, timeout: 60s }"]),
    Fault(
      name: "removes the folder that its rows belong in",
      code: "import shutil\nshutil.rmtree(os.path.dirname(mini_batch[0]))",
      reason: "failed: FileNotFoundError"),
  ]

  @Test(arguments: faults)
  func aFaultOfOneTaskFailsItsRowsAlone(_ fault: Fault) async throws {
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let settings =
        ["mini_batch_size: 1"] + fault.settings
        + (fault.settings.contains { $0.hasPrefix("retry_settings") }
          ? [] : ["retry_settings: { max_retries: 1 }"])
      let code = fault.code.replacingOccurrences(of: "\n", with: "\n    ")
      let endpoint = try run.endpoint(
        ScoringRun.script("if '_pump-1.' in mini_batch[0]:\n    \(code)"), settings: settings)
      let outcome = try await run.score(endpoint, after: "2026-01-01T01:00:00Z")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let reasons = outcome.reasons(of: "pump-1")
      #expect(outcome.failed.count == fault.rows, "\(outcome.failed)")
      #expect(reasons.count == 1 && reasons.allSatisfy { $0.contains(fault.reason) }, "\(reasons)")
      #expect(reasons.allSatisfy { !$0.contains("\n") })
      if fault.name == "eats memory" { #expect(reasons.allSatisfy { $0.contains("resources.memory") }) }

      // Every other row is what a sound script says of it.
      let sound = try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
        try await run.score(try run.endpoint(ScoringRun.script()), after: "2026-01-01T01:00:00Z")
      }
      #expect(sound.failed.isEmpty && sound.rows.count == 36)
      let failed = Set(outcome.failed.map { "\($0.device) \($0.start)" })
      #expect(outcome.scores == sound.scores.filter { row in !failed.contains { row.hasPrefix("\($0) ") } })
      try await run.expectNoProcessIsLeft("\(fault.name)")
    }
  }

  /// A fault that keeps a script from starting.
  private static let badStarts: [Fault] = [
    Fault(
      name: "no Python at all", code: "dieses ist kein Python\n",
      reason: "did not start: score.py is no Python: SyntaxError"),
    Fault(
      name: "a binary", code: "\u{7F}ELF\u{2}\u{1}\u{0}\u{0}",
      reason: "did not start: score.py is no Python: "),
    Fault(name: "empty", code: "", reason: "did not start: score.py has no function run()"),
    Fault(
      name: "no init", code: "def run(mini_batch): return []\n",
      reason: "did not start: score.py has no function init()"),
    Fault(
      name: "no run", code: "def init(): pass\nrun = 7\n",
      reason: "did not start: score.py has no function run()"),
    Fault(
      name: "init raises", code: "def init(): raise OSError('no model')\ndef run(mini_batch): return []\n",
      reason: "did not start: OSError: no model (score.py:1)"),
    Fault(
      name: "a package is missing", code: "import tensortorch\n",
      reason: "did not start: ModuleNotFoundError: No module named 'tensortorch' (score.py:1)"),
    Fault(
      name: "exits at its start", code: "exit('no licence')\n",
      reason: "did not start: it called exit(no licence)"),
    Fault(
      name: "exits at once at its start", code: "import os\nprint('bye', flush=True)\nos._exit(5)\n",
      reason: "exited with code 5 before it was ready, and printed last: bye"),
    Fault(
      name: "is given too little memory",
      code: "held = bytearray(512 << 20)\ndef init(): pass\ndef run(mini_batch): return []\n",
      reason: "did not start: MemoryError (score.py:1)", settings: ["resources: { memory: 256MiB }"]),
    Fault(
      name: "has never heard of init's end",
      code: "import time\ndef init(): time.sleep(3600)\ndef run(mini_batch): return []\n",
      reason: "took longer than 30 s to start, with its init()",
      settings: ["retry_settings: { max_retries: 0, timeout: 1s }"]),
  ]

  @Test(arguments: badStarts)
  func aScriptThatDoesNotStartFailsAllRows(_ fault: Fault) async throws {
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let endpoint = try run.endpoint(fault.code, settings: ["mini_batch_size: 3"] + fault.settings)
      let outcome = try await run.score(endpoint, after: "2026-01-01T01:00:00Z")
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("none of its 36 rows could be scored"))
      #expect(outcome.rows.isEmpty && outcome.failed.count == 36)
      #expect(
        outcome.failed.allSatisfy { $0.reason.contains(fault.reason) },
        "\(outcome.failed.map(\.reason).first ?? "")")
    }
  }

  /// What keeps a job from beginning is told at once, with its place.
  @Test(arguments: [
    (["code_configuration: { code: nowhere, scoring_script: score.py }"], "there is no folder"),
    (["code_configuration: { code: code, scoring_script: other.py }"], "there is no file"),
    (
      ["code_configuration: { code: code, scoring_script: notes.txt }"],
      "is no Python file, and nothing that can be run"
    ),
    (
      ["code_configuration: { code: code, scoring_script: score.py }", "model: weights.bin"],
      "model: there is no"
    ),
    (["model: code"], "a folder without MLmodel is none of MLflow's"),
    (
      [
        "code_configuration: { code: code, scoring_script: score.py }",
        "environment: { python: /nowhere/python }",
      ], "no Python interpreter “/nowhere/python”"
    ),
    (
      ["code_configuration: { code: code, scoring_script: score.py }", "environment: { python: /bin/true }"],
      "/bin/true is no Python interpreter"
    ),
    (
      [
        "code_configuration: { code: code, scoring_script: score.py }", "environment: { python: /bin/false }",
      ], "/bin/false is no Python interpreter"
    ),
    (
      [
        "code_configuration: { code: code, scoring_script: score.py }",
        "environment: { requirements: packages.txt }",
      ], "requirements: there is no file"
    ),
  ])
  func whatIsNotThereIsSaidBeforeTheFirstTask(lines: [String], reason: String) async throws {
    try await ScoringRun.with(devices: 1, windows: 24, watermark: .seconds(7500)) { run in
      _ = try run.endpoint(ScoringRun.script())
      try "A note.\n".write(toFile: "\(run.folder)/code/notes.txt", atomically: true, encoding: .utf8)
      let outcome = try await run.score(try run.endpoint(lines), after: "2026-01-01T01:00:00Z")
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains(reason), "\(outcome.errors)")
      #expect(outcome.rows.isEmpty)
    }
  }

  /// Into either of its streams; the log has the beginning, and says that there was more.
  @Test(arguments: ["stdout", "stderr"])
  func aScriptThatPrintsAGigabyteFillsNoLog(stream: String) async throws {
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let print = """
        print("the beginning", file=sys.\(stream))
        for _ in range(1024): sys.\(stream).write("x" * (1 << 20))
        """
      let endpoint = try run.endpoint(
        ScoringRun.script(print), settings: ["mini_batch_size: 2", "retry_settings: { timeout: 300s }"])
      let outcome = try await run.score(endpoint, after: "2026-01-01T01:00:00Z")
      #expect(outcome.status == 0 && outcome.rows.count == 24, "\(outcome.errors)")
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      let log = try await run.sonde(["jobs", "logs", run.folder, job])
      #expect(log.contains("the beginning"))
      #expect(log.contains("the script prints more than 1048576 bytes in one task; the rest is left out"))
      #expect(log.utf8.count < 3 << 20)
      #expect(log.contains("24 items, 0 failed"), "the worker's own lines are lines")
    }
  }

  /// Streams are the script's to close, and children its own to leave behind while it lives.
  @Test(arguments: [
    "sys.stdout.close()", "os.closerange(1, 2)", "os.closerange(1, 3)", "sys.stderr.close()",
    "sys.stdin.read()",
    // A child that comes back from run() as well, and one that stays.
    "os.fork()",
    """
    if os.fork() == 0:
      with open(os.environ["TEST_FOLDER"] + "/pids", "a") as file: file.write(f"{os.getpid()}\\n")
      while True: time.sleep(3600)
    """,
    """
    if os.fork() == 0:
      with open(os.environ["TEST_FOLDER"] + "/pids", "a") as file: file.write(f"{os.getpid()}\\n")
      while True: print("still here", flush=True)
    """,
  ])
  func whatDoesNoHarmIsNoFault(code: String) async throws {
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let endpoint = try run.endpoint(
        ScoringRun.script(code), settings: ["mini_batch_size: 1", "retry_settings: { max_retries: 0 }"])
      let outcome = try await run.score(endpoint, ["--nodes", "1"], after: "2026-01-01T01:00:00Z")
      #expect(
        outcome.status == 0 && outcome.rows.count == 24, "\(outcome.failed.first?.reason ?? "")")
      try await run.expectNoProcessIsLeft("\(code)")
    }
  }

  @Test func aScriptThatChangesInTheMiddleOfAJobIsNotedAndItsRowsFail() async throws {
    try await ScoringRun.with(devices: 3, windows: 24, watermark: .seconds(7500)) { run in
      let code = """
        if '_pump-1.' in mini_batch[0]:
            with open(__file__, "a") as file: file.write("# another\\n")
        """
      let endpoint = try run.endpoint(ScoringRun.script(code), settings: ["mini_batch_size: 1"])
      let outcome = try await run.score(endpoint, ["--nodes", "1"], after: "2026-01-01T01:00:00Z")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.rows.count == 12, "what was scored before")
      #expect(outcome.failed.count == 24)
      #expect(
        outcome.failed.allSatisfy {
          $0.reason.contains("the script or its model has changed since the job began, from s")
        },
        "\(outcome.failed.first?.reason ?? "")")
    }
  }
}
