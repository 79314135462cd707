import Files
import Foundation
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// Jobs and trainings whose process was killed, and what is then found in their folder.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ResumedJobTests {
  private let noon = ScoringRun.noon

  /// Runs `arguments` until `point` is passed for the `passage`th time, where the process is killed.
  private func killed(
    _ run: ScoringRun, _ arguments: [String], at point: CrashPoint, passage: Int = 1,
    _ more: [String: String?] = [:]
  ) async throws {
    let crash = "\(point.rawValue)#\(passage)@\(run.folder)/crash-\(UUID().uuidString)"
    let outcome = try await SondeProgram.run(
      arguments, environment: more.merging(["SONDE_CRASH_AT": crash]) { $1 })
    #expect(outcome.status == 128 + SIGKILL, "\(point): \(outcome.errors)")
  }

  private func job(_ run: ScoringRun) throws -> String {
    try #require(try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
  }

  /// Killed when its prediction file had its name, with rows behind a task that has failed; killed again when it was taken up.
  @Test(arguments: [CrashPoint.predictionsWritten, .successWritten])
  func aFileThatHasItsNameIsMadeAgainOrTakenBack(point: CrashPoint) async throws {
    let failing = ["SONDE_FAIL_TASKS": "0.4#7"]
    let settings = ["--mini-batch-size", "1", "--set", "retry_settings.max_retries=0"]
    try await ScoringRun.trained { run in
      let score = ["score", run.folder] + settings + noon
      #expect(try await SondeProgram.run(score, environment: failing).status == 0)
      let expected = try run.outputs()
      #expect(expected.keys.contains { $0.hasSuffix("failed.csv") }, "a task has failed")
      for isCanceled in [false, true] {
        try FileManager.default.removeItem(atPath: "\(run.folder)/predictions")
        for file in ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"] { unlink("\(run.folder)/\(file)") }
        try await killed(run, score, at: point, failing)
        try await killed(run, score, at: .jobRunning, failing)
        let job = try job(run)
        if isCanceled {
          try await killed(run, score, at: point, failing)
          _ = try await run.sonde(["jobs", "cancel", run.folder, job])
          let left = try run.outputs().keys.filter { !$0.hasSuffix("failed.csv") }
          #expect(left.isEmpty, "a job that was canceled has no predictions: \(left)")
        } else {
          #expect(try await SondeProgram.run(score, environment: failing).status == 0)
          #expect(try run.outputs() == expected)
        }
      }
    }
  }

  /// The database has gone and the job's parts have not; another job has the same name.
  @Test func partsOfAJobThatNobodyKnowsAreNotUsed() async throws {
    try await ScoringRun.trained { run in
      try await killed(
        run, ["score", run.folder, "--after", "2026-01-01T20:00:00Z"], at: .jobPlanned)
      for file in ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"] { unlink("\(run.folder)/\(file)") }
      _ = try await run.sonde(["score", run.folder] + noon)
      #expect(try run.scored().count == 6 * 143)
    }
  }

  /// Its parts are of nobody knows which tasks, and another number of nodes makes other ones.
  @Test(arguments: ["", "{\"x\":", nil]) func aDamagedDescriptionIsMadeAnew(text: String?) async throws {
    try await ScoringRun.trained { run in
      let score = ["score", run.folder, "--mini-batch-size", "1"] + noon
      try await killed(run, score, at: .tasksDone)
      let description = "\(run.folder)/predictions/\(try job(run))/tasks/job.json"
      if let text {
        try AtomicFile.write(text, to: description, existing: .replace)
      } else {
        unlink(description)
      }
      _ = try await run.sonde(["score", run.folder, "--mini-batch-size", "4"])
      let scored = try run.scored()
      #expect(scored.count == 6 * 143 && Set(scored).count == scored.count)
      let shown = try await run.sonde(["jobs", "show", run.folder, try job(run)])
      #expect(shown.contains("2 of 2 tasks done"), "\(shown)")
    }
  }

  /// The file had its name already.
  @Test(arguments: [false, true]) func aFileOfADamagedDescriptionIsTakenBack(isCanceled: Bool) async throws {
    try await ScoringRun.trained { run in
      let score = ["score", run.folder] + noon
      try await killed(run, score, at: .successWritten)
      unlink("\(run.folder)/predictions/\(try job(run))/tasks/job.json")
      if isCanceled {
        _ = try await run.sonde(["jobs", "cancel", run.folder, try job(run)])
        #expect(try run.outputs().isEmpty)
      } else {
        unlink("\(run.folder)/models/device_pump-2.model")
        unlink("\(run.folder)/models.sqlite")
        _ = try await run.sonde(score)
        #expect(try run.scored().count == 5 * 143 && run.scored(file: "failed.csv").count == 143)
      }
    }
  }

  @Test func aFolderThatHasBeenMovedIsReadWhereItIs() async throws {
    try await ScoringRun.trained { run in
      try await killed(run, ["score", run.folder] + noon, at: .jobPlanned)
      try await withTemporaryFolder { parent in
        let moved = ScoringRun(folder: "\(parent)/moved")
        try FileManager.default.copyItem(atPath: run.folder, toPath: moved.folder)
        unlink("\(run.folder)/sonde.sqlite")
        _ = try await moved.sonde(["score", moved.folder])
        #expect(try moved.scored().count == 6 * 143)
      }
    }
  }

  /// The coordinator of the folder is at something else, and leaves while it is asked.
  @Test func cancelingAnAbandonedJobLeavesTheDatabaseWhole() async throws {
    try await ScoringRun.trained { run in
      try await killed(run, ["score", run.folder] + noon, at: .jobPlanned)
      let job = try job(run)
      let endpoint = "\(run.folder)/other.yaml"
      try AtomicFile.write("name: other\ndeployments:\n  only: {}\n", to: endpoint)
      let scheduler = try await run.start([
        "schedule", run.folder, "--endpoint", endpoint, "--every", "1h", "--from", "2026-01-05T00:00:00Z",
      ])
      // It holds the folder from its first look on.
      try await waitUntil("the scheduler holds the folder") {
        try await !run.sonde(["jobs", "show", run.folder, job]).contains("nobody runs")
      }
      let cancel = try await run.start(["jobs", "cancel", run.folder, job])
      try await Task.sleep(for: .milliseconds(700))
      #expect(try await scheduler.stop(grace: .seconds(600)) == .exited(code: 0))
      #expect(try await cancel.exit() == .exited(code: 0))
      let shown = try await run.sonde(["jobs", "show", run.folder, job])
      #expect(shown.contains("canceled"))
      let check = try await Subprocess.run(
        .name("python3"),
        arguments: [
          "-c",
          "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchall())",
          "\(run.folder)/jobs.sqlite",
        ], output: .string(limit: 4096), error: .string(limit: 4096))
      #expect(check.standardOutput.contains("[('ok',)]"), "\(check.standardOutput) \(check.standardError)")
    }
  }

  @Test func modelsOfTwoTrainingsAreNotScoredWith() async throws {
    try await ScoringRun.trained { run in
      let train = [
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z", "--nu", "0.3",
      ]
      try await killed(run, train, at: .modelWritten, passage: 3)
      let outcome = try await SondeProgram.run(["score", run.folder] + noon)
      #expect(
        outcome.status == 64 && outcome.errors.contains("models of two trainings"), "\(outcome.errors)")
      _ = try await run.sonde(train)
      _ = try await run.sonde(["score", run.folder] + noon)
      #expect(try run.scored().count == 6 * 143)
    }
  }

  @Test func rowsOfAWholeDeviceAreNotTriedWithModelsOfItsSensors() async throws {
    try await ScoringRun.trained { run in
      unlink("\(run.folder)/models/device_pump-2.model")
      _ = try await run.sonde(["score", run.folder] + noon)
      let outcome = try await SondeProgram.run([
        "jobs", "rerun", run.folder, try job(run), "--set", "per=sensor",
      ])
      #expect(outcome.status == 64 && outcome.errors.contains("has rows a device"), "\(outcome.errors)")
    }
  }

  /// A range without a window touches nothing; a schedule that is killed while it trains goes on with it, also by an endpoint file.
  @Test func onlyATrainingThatHasBegunTakesTheOldOneBack() async throws {
    try await ScoringRun.trained { run in
      let nothing = try await SondeProgram.run([
        "train", run.folder, "--from", "2027-01-01T00:00:00Z", "--to", "2027-01-02T00:00:00Z",
      ])
      #expect(nothing.status == 64 && nothing.errors.contains("nothing can be trained"))
      _ = try await run.sonde(["score", run.folder] + noon)
      #expect(try run.scored().count == 6 * 143)
    }
    try await ScoringRun.with { run in
      let endpoint = "\(run.folder)/pumps.yaml"
      try AtomicFile.write("name: pumps\ndeployments:\n  only: { features: [mean, max] }\n", to: endpoint)
      let arguments = run.arguments([
        "--endpoint", endpoint, "--cron", "0 */6 * * *", "--until-stdin-closes",
      ])
      let crash = "model-written#3@\(run.folder)/crashed"
      let service = try await run.start(arguments, environment: ["SONDE_CRASH_AT": crash])
      service.closeInput()
      #expect(try await service.exit() == .killed(signal: SIGKILL))
      for scoring in [
        ["score", run.folder] + noon, ["score", run.folder, "--set", "models=\(run.folder)/models"] + noon,
        ["schedule", run.folder, "--from", "2026-01-01T12:00:00Z", "--every", "1h"],
      ] {
        let outcome = try await SondeProgram.run(scoring)
        #expect(
          outcome.status == 64 && outcome.errors.contains("models of two trainings"), "\(outcome.errors)")
      }
      let again = try await run.start(arguments)
      again.closeInput()
      for await _ in again.lines {}
      #expect(try await again.exit() == .exited(code: 0))
      #expect(try run.scored().count == 6 * 144)
    }
  }

  /// What is refused changes nothing, and a job that is run again goes on with the settings that it has begun with.
  @Test func aRerunThatIsRefusedLeavesTheJobAsItWas() async throws {
    try await ScoringRun.trained { run in
      let model = "\(run.folder)/models/device_pump-2.model"
      let aside = "\(run.folder)/aside"
      try FileManager.default.moveItem(atPath: model, toPath: aside)
      unlink("\(run.folder)/models.sqlite")
      let score = ["score", run.folder, "--set", "error_threshold=10", "--mini-batch-size", "1"] + noon
      #expect(try await SondeProgram.run(score).status == 1)
      let job = try job(run)
      let rerun = ["jobs", "rerun", run.folder, job]
      func state() async throws -> String { try await run.sonde(["jobs", "show", run.folder, job]) }
      let before = try await state()
      let refused = try await SondeProgram.run(rerun + ["--set", "features=mean"])
      #expect(refused.status == 64 && refused.errors.contains("has begun"), "\(refused.errors)")
      let after = try await state()
      #expect(after == before && before.contains("failed"))
      // With more patience it completes, and the failed rows are a job of their own, which fails as well.
      _ = try await run.sonde(rerun + ["--set", "error_threshold=-1"])
      let again = try await SondeProgram.run(rerun + ["--set", "error_threshold=0"])
      #expect(again.status == 1, "\(again.errors)")
      try FileManager.default.moveItem(atPath: aside, toPath: model)
      _ = try await run.sonde(rerun)
      let scored = try run.scored()
      #expect(scored.count == 6 * 143 && Set(scored).count == scored.count)
    }
  }
}
