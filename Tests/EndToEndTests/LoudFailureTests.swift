import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Schedules and jobs that cannot train or score say so at each job, with the reason, and by their exit code.
@Suite(.timeLimit(.minutes(30))) struct LoudFailureTests {
  private let noon = "2026-01-01T12:00:00Z"
  private let beforeNoon = ["--train-from", "2026-01-01T00:00:00Z", "--train-to", "2026-01-01T12:00:00Z"]

  private func models(_ run: ScoringRun, ending: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models").filter {
      $0.hasSuffix(ending)
    }
  }

  /// Runs a schedule to the end of the stream, and returns what it says.
  private func schedule(_ run: ScoringRun, _ more: [String]) async throws -> (exit: ServiceExit, said: String)
  {
    let service = try await run.start(
      ["schedule", run.folder, "--from", noon, "--cron", "0 */6 * * *", "--until-stdin-closes"] + more)
    service.closeInput()
    let exit = try await service.exit()
    return (exit, try TextFile.text(of: "\(run.folder)/schedule.err"))
  }

  @Test func aRecordWithoutModelsIsNoTraining() async throws {
    try await ScoringRun.trained { run in
      for name in try models(run, ending: ".model") {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/\(name)")
      }
      #expect(try models(run, ending: "training.json").count == 1)
      let (exit, said) = try await schedule(run, beforeNoon)
      #expect(exit == .exited(code: 0), "\(said)")
      #expect(said.contains("trained 6 models"), "\(said)")
      #expect(try models(run, ending: ".model").count == 6)
    }
  }

  @Test func aTrainingThatFailsRemovesARecordWithoutModels() async throws {
    try await ScoringRun.trained { run in
      for name in try models(run, ending: ".model") {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/\(name)")
      }
      let failed = try await SondeProgram.run([
        "train", run.folder, "--from", noon, "--to", "2026-01-01T12:10:00Z",
      ])
      #expect(failed.status == 64 && failed.errors.contains("no model could be trained"), "\(failed)")
      #expect(try models(run, ending: "training.json").isEmpty)
      #expect(try TextFile.text(of: "\(run.folder)/models/trained.csv").contains("2 rows to train on"))
    }
  }

  @Test func aScheduleThatCannotTrainSaysSoAtEachJob() async throws {
    try await ScoringRun.with { run in
      let never = ["--train-from", "2025-01-01T00:00:00Z", "--train-to", "2025-01-01T12:00:00Z"]
      let (exit, said) = try await schedule(run, never)
      #expect(exit == .exited(code: 1), "\(said)")
      // The job of 18 o'clock, and the closing one.
      #expect(said.matches(of: /no window of the store lies between/).count == 2, "\(said)")
      #expect(said.matches(of: /the next job tries to train again/).count == 2)
      #expect(
        said.matches(of: /job [^ ]+ failed: none of its [0-9]+ rows could be scored/).count == 2, "\(said)")
      #expect(
        said.contains("The most frequent reason, of 432 rows of 6 models: there is no model"), "\(said)")
      #expect(said.contains("the stream has ended; 2 jobs failed"), "\(said)")
      #expect(try models(run, ending: "") == ["trained.csv"])
    }
  }

  @Test func aScheduleTrainsAsSoonAsItCan() async throws {
    // Two windows of each device are too few.
    try await ScoringRun.with(windows: 2, watermark: .seconds(14 * 3600)) { run in
      let service = try await run.start(
        ["schedule", run.folder, "--from", noon, "--cron", "0 * * * *"] + beforeNoon)
      func said() throws -> String { try TextFile.text(of: "\(run.folder)/schedule.err") }
      try await waitUntil("the job of two o'clock has run") {
        try said().contains("job 2026-01-01T14-00-00Z: 0 windows scored")
      }
      #expect(try said().matches(of: /none of 6 models could be trained/).count == 2)
      // As a device that delivers late.
      try run.store(try ScoringRun.rows(of: "pump-9", windows: 180), watermark: .seconds(15 * 3600))
      try await waitUntil("the job of three o'clock has run") {
        try said().contains("job 2026-01-01T15-00-00Z: 12 windows scored")
      }
      let text = try said()
      #expect(text.contains("trained 1 models; 6 could not be trained"), "\(text)")
      #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 0))
    }
  }

  @Test func aScheduleThatIsStoppedLeavesWithOneWhereItsLastJobScoredNothing() async throws {
    try await ScoringRun.trained { run in
      for name in try models(run, ending: ".model") {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/\(name)")
      }
      let service = try await run.start(["schedule", run.folder, "--from", noon, "--cron", "0 */6 * * *"])
      try await waitUntil("a job has failed") {
        try TextFile.text(of: "\(run.folder)/schedule.err").contains("job 2026-01-01T18-00-00Z failed")
      }
      #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 1))
    }
  }

  @Test func aJobThatScoresNothingNamesTheMostFrequentReason() async throws {
    try await ScoringRun.trained { run in
      try FileManager.default.removeItem(atPath: "\(run.folder)/models.sqlite")
      for name in try models(run, ending: ".model").sorted() {
        let path = "\(run.folder)/models/\(name)"
        try FileManager.default.removeItem(atPath: path)
        if name == "device_pump-0.model" { try AtomicFile.write("nonsense\n", to: path) }
      }
      let score = try await SondeProgram.run(["score", run.folder] + ScoringRun.noon)
      #expect(score.status == 1)
      let list = try await run.sonde(["jobs", "list", run.folder])
      for text in [score.errors, list] {
        #expect(text.contains("none of its 858 rows could be scored; when what is wrong"), "\(text)")
        #expect(
          text.contains(
            "The most frequent reason, of 715 rows of 5 models: there is no model device_pump-1.model"),
          "\(text)")
      }
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      let shown = try await run.sonde(["jobs", "show", run.folder, job])
      #expect(shown.contains("715 rows of 5 models failed, such as: there is no model"), "\(shown)")
      #expect(shown.contains("143 rows of 1 model failed: "), "\(shown)")
    }
  }

  @Test func aJobInWhichSomeRowsFailedSaysWhyAndFailsWhereThatIsAsked() async throws {
    try await ScoringRun.trained { run in
      let model = "\(run.folder)/models/device_pump-2.model"
      try AtomicFile.write("nonsense\n", to: model, existing: .replace)
      let score = try await SondeProgram.run(
        ["score", run.folder, "--fail-on", "failed-rows"] + ScoringRun.noon)
      #expect(score.status == 1, "\(score)")
      #expect(
        score.errors.contains("143 rows could not be scored, and --fail-on failed-rows was given"), "\(score)"
      )
      #expect(score.output.contains("715 windows scored, 143 failed"), "what was scored is there: \(score)")
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(
        list.contains("143 of 858 rows failed. The most frequent reason, of 143 rows of 1 model: "), "\(list)"
      )
      let json = try await run.sonde(["jobs", "list", run.folder, "--format", "json"])
      let job = try #require(
        (try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])?.first)
      #expect(job["state"] as? String == "completed" && job["failed_rows"] as? Int == 143)
      #expect((job["reason"] as? String)?.contains("device_pump-2.model") == true, "\(json)")

      // Put right and scored again, nothing is left unscored: then a schedule does not fail either.
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", noon,
      ])
      let id = try #require((job["cut"] as? [String: Any])?["id"] as? String)
      let again = try await SondeProgram.run(["jobs", "rerun", run.folder, id, "--fail-on", "failed-rows"])
      #expect(again.status == 0, "\(again)")
      #expect(try await schedule(run, ["--fail-on", "failed-rows"]).exit == .exited(code: 0))
    }
  }

  @Test func aScheduleLeavesWithOneBecauseOfFailedRowsWhereThatIsAsked() async throws {
    for (more, code) in [([], 0), (["--fail-on", "failed-rows"], 1)] as [([String], Int32)] {
      try await ScoringRun.trained { run in
        try AtomicFile.write(
          "nonsense\n", to: "\(run.folder)/models/device_pump-2.model", existing: .replace)
        let (exit, said) = try await schedule(run, more)
        #expect(exit == .exited(code: code), "\(said)")
        #expect(
          said.contains("the stream has ended; 0 jobs failed, and 144 rows could not be scored"), "\(said)")
      }
    }
  }
}
