import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Jobs that somebody looks at, stops or takes up again before they have completed.
@Suite(.serialized, .timeLimit(.minutes(30))) struct UnfinishedJobTests {
  private let noon = ScoringRun.noon

  /// A run whose models are text alone, so that a model can be taken away.
  private func trained(_ body: (ScoringRun) async throws -> Void) async throws {
    try await ScoringRun.trained { run in
      try FileManager.default.removeItem(atPath: "\(run.folder)/models.sqlite")
      try await body(run)
    }
  }

  private func firstModel(_ run: ScoringRun) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models")
    return "\(run.folder)/models/" + (try #require(names.filter { $0.hasSuffix(".model") }.min()))
  }

  /// A run in which one of six tasks hangs: its model is a pipe that nobody writes into. `body` gets the job, of which the
  /// other five tasks are done, and what puts the model right.
  private func hanging(
    _ body: (ScoringRun, Service, _ job: String, _ mend: () throws -> Void) async throws -> Void
  ) async throws {
    try await trained { run in
      let model = try firstModel(run)
      try FileManager.default.moveItem(atPath: model, toPath: "\(run.folder)/aside")
      #expect(mkfifo(model, 0o600) == 0)
      let service = try await run.start(
        ["score", run.folder, "--mini-batch-size", "1", "--nodes", "2"] + noon)
      // A job that stands still is seen to have come so far.
      try await waitUntil("five of six tasks are done") {
        let jobs = (try? FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions")) ?? []
        guard let job = jobs.first else { return false }
        let shown = try await SondeProgram.run(["jobs", "show", run.folder, job]).output
        return shown.contains("5 of 6 tasks done, 1 running")
      }
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      try await body(run, service, job) {
        unlink(model)
        try FileManager.default.moveItem(atPath: "\(run.folder)/aside", toPath: model)
      }
    }
  }

  @Test func aTaskThatHangsDoesNotHoldAStop() async throws {
    try await hanging { run, service, job, mend in
      #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 130))
      try mend()
      let outcome = try await SondeProgram.run(["score", run.folder, "--through", "2026-01-01T13:00:00Z"])
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("going on with the unfinished job \(job)"))
      #expect(try run.scored().count == 6 * 143)
    }
  }

  @Test func aJobThatNobodyRunsIsCalledSo() async throws {
    try await hanging { run, service, job, mend in
      #expect(!(try await run.sonde(["jobs", "show", run.folder, job]).contains("nobody runs")))
      service.send(signal: SIGKILL)
      _ = try await service.exit()
      #expect(try await run.sonde(["jobs", "show", run.folder, job]).contains("nobody runs job \(job)"))
      for looking in [["jobs", "watch", run.folder], ["jobs", "logs", run.folder, job, "--follow"]] {
        let outcome = try await SondeProgram.run(looking)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("nobody runs job \(job)"))
      }
      try mend()
      let others = try await SondeProgram.run(["jobs", "rerun", run.folder, job, "--set", "features=mean"])
      #expect(others.status == 64 && others.errors.contains("that it began with"), "\(others.errors)")
      let schedule = try await SondeProgram.run(
        ["score", run.folder, "--set", "output_action=summary_only"] + noon)
      #expect(schedule.status == 64 && schedule.errors.contains("that it began with"), "\(schedule.errors)")
      _ = try await run.sonde(["jobs", "rerun", run.folder, job])
      #expect(try run.scored().count == 6 * 143)
      // Five were done, and waited for the first: none of them was done again. On a busy machine the first may need another attempt.
      let shown = try await run.sonde(["jobs", "show", run.folder, job, "--format", "json"])
      #expect(
        shown.matches(of: /"attempts" : 1/).count == 5 && shown.matches(of: /"attempts" : [2-9]/).count == 1,
        "\(shown)")
    }
  }

  @Test func rowsThatHaveFailedAFailedJobAreTriedAgain() async throws {
    try await trained { run in
      let model = try firstModel(run)
      try FileManager.default.moveItem(atPath: model, toPath: "\(run.folder)/aside")
      let score = ["score", run.folder, "--mini-batch-size", "1", "--set", "error_threshold=10"] + noon
      #expect(try await SondeProgram.run(score).status == 1)
      let again = try await SondeProgram.run(["score", run.folder])
      #expect(again.status == 64)
      #expect(again.errors.contains("jobs rerun"), "\(again.errors)")
      try FileManager.default.moveItem(atPath: "\(run.folder)/aside", toPath: model)
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      _ = try await run.sonde(["jobs", "rerun", run.folder, job])
      #expect(try run.scored().count == 6 * 143)
    }
  }

  @Test func aJobOfAnotherCutOrEndpointIsNotTakenForTheOneThatIsWanted() async throws {
    try await trained { run in
      let through = ["--through", "2026-01-01T14:00:00Z"]
      _ = try await run.sonde(["score", run.folder] + noon + through)
      let before = try run.outputs()
      try "name: pumps\ndeployments:\n  blue: {}\n".write(
        toFile: "\(run.folder)/pumps.yaml", atomically: true, encoding: .utf8)
      let endpoint = ["--endpoint", "\(run.folder)/pumps.yaml"]
      for (arguments, reason) in [
        (
          ["score", run.folder, "--after", "2026-01-01T10:00:00Z"] + through,
          "is a job 2026-01-01T14-00-00Z already"
        ),
        (["score", run.folder] + endpoint + noon + through, "is a job 2026-01-01T14-00-00Z already"),
        (
          ["schedule", run.folder, "--from", "2026-01-01T12:00:00Z", "--cron", "0 */2 * * *"] + endpoint,
          "has a job 2026-01-01T14-00-00Z already, of deployment default"
        ),
      ] {
        let outcome = try await SondeProgram.run(arguments)
        #expect(outcome.status == 64, "\(arguments): \(outcome.output)")
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
      }
      #expect(try run.outputs() == before)
    }
  }
}
