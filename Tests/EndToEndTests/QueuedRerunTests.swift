import Files
import Foundation
import GRDB
import Supervision
import TestSupport
import Testing

/// `sonde jobs rerun` beside a scheduler: the scheduler does it.
@Suite(.timeLimit(.minutes(30))) struct QueuedRerunTests {
  private static let clocks = [["--cron", "0 18 * * *"], ["--cron", "0 0 1 1 *", "--clock", "wall"]]
  private let job = "2026-01-01T15-00-00Z"

  /// A run in which a job has failed, because its models were away; they are there now. `body` gets a scheduler that holds the folder.
  private func scheduled(
    _ clock: [String], _ body: (ScoringRun, Service) async throws -> Void
  ) async throws {
    try await ScoringRun.trained { run in
      let aside = "\(run.folder)/aside"
      try FileManager.default.moveItem(atPath: "\(run.folder)/models", toPath: aside)
      try Folder.make("\(run.folder)/models")
      try FileManager.default.copyItem(
        atPath: "\(aside)/training.json", toPath: "\(run.folder)/models/training.json")
      let score = try await SondeProgram.run(
        ["score", run.folder, "--through", "2026-01-01T15:00:00Z"] + ScoringRun.noon)
      #expect(score.status == 1)
      try FileManager.default.removeItem(atPath: "\(run.folder)/models")
      try FileManager.default.moveItem(atPath: aside, toPath: "\(run.folder)/models")
      let service = try await run.start(
        ["schedule", run.folder, "--from", "2026-01-01T12:00:00Z", "--until-stdin-closes"] + clock)
      try await waitUntil("the scheduler takes reruns") {
        try value("SELECT takes_reruns FROM coordinator", run) == 1
      }
      try await body(run, service)
    }
  }

  private func value(_ sql: String, _ run: ScoringRun) throws -> Int {
    try DatabaseQueue(path: "\(run.folder)/jobs.sqlite").read { try Int.fetchOne($0, sql: sql) ?? 0 }
  }

  /// After it, the scheduler writes nothing: where it is made to stand still, it holds no lock.
  private func waitForTheFirstJob(_ run: ScoringRun) async throws {
    try await waitUntil("the job of six o'clock has run") {
      try value("SELECT count(*) FROM jobs WHERE id = '2026-01-01T18-00-00Z' AND state = 'completed'", run)
        == 1
    }
    try await waitUntil("it has said so") {
      try TextFile.text(of: "\(run.folder)/schedule.err").contains(
        "job 2026-01-01T18-00-00Z: 216 windows scored")
    }
  }

  @Test(arguments: clocks) func theSchedulerRunsTheJobAgain(clock: [String]) async throws {
    try await scheduled(clock) { run, service in
      let queued = try await SondeProgram.run(["jobs", "rerun", run.folder, job])
      #expect(queued.status == 0, "\(queued)")
      #expect(
        queued.output.hasPrefix("job \(job) is queued; the scheduler of this folder runs it next"),
        "\(queued)")
      try await waitUntil("the job has completed") {
        try value("SELECT count(*) FROM jobs WHERE id = '\(job)' AND state = 'completed'", run) == 1
      }
      service.closeInput()
      #expect(try await service.exit() == .exited(code: 0))
      let said = try TextFile.text(of: "\(run.folder)/schedule.err")
      #expect(said.contains("job \(job): run again, as somebody has asked for"), "\(said)")
      let scored = try run.scored()
      #expect(scored.count == 6 * 144 && Set(scored).count == scored.count, "every window once")
      #expect(try value("SELECT count(*) FROM jobs WHERE rerun_requested", run) == 0)
      let again = try await SondeProgram.run(["jobs", "rerun", run.folder, job])
      #expect(again.status == 64 && again.errors.contains("has completed, and none of its rows failed"))
    }
  }

  @Test(arguments: clocks) func whatIsQueuedWhenTheStreamEndsIsRunBeforeTheEnd(clock: [String]) async throws {
    try await scheduled(clock) { run, service in
      if clock == Self.clocks[0] { try await waitForTheFirstJob(run) }
      // It stands still while it is asked for, and told that the stream has ended.
      kill(service.processID, SIGSTOP)
      _ = try await run.sonde(["jobs", "rerun", run.folder, job])
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(list.contains("A rerun is queued. none of its 216 rows could be scored"), "\(list)")
      #expect(try await run.sonde(["jobs", "show", run.folder, job]).contains("a rerun is queued"))
      service.closeInput()
      kill(service.processID, SIGCONT)
      #expect(try await service.exit() == .exited(code: 0))
      #expect(try run.scored().count == 6 * 144)
    }
  }

  @Test func aQueuedRerunIsTakenBack() async throws {
    try await scheduled(Self.clocks[0]) { run, service in
      try await waitForTheFirstJob(run)
      kill(service.processID, SIGSTOP)
      _ = try await run.sonde(["jobs", "rerun", run.folder, job])
      #expect(
        try await run.sonde(["jobs", "cancel", run.folder, job])
          == "job \(job) is not run again: the rerun is taken back\n")
      kill(service.processID, SIGCONT)
      service.closeInput()
      #expect(try await service.exit() == .exited(code: 1))
      #expect(try await run.sonde(["jobs", "show", run.folder, job]).contains(": failed\n"))
      // Without a scheduler it is run at once.
      #expect(try await run.sonde(["jobs", "rerun", run.folder, job]).contains("216 windows scored"))
    }
  }

  @Test func whatASchedulerCannotDoIsRefusedWithTheWay() async throws {
    try await scheduled(Self.clocks[1]) { run, service in
      for options in [["--set", "error_threshold=3"], ["--nodes", "2"], ["--fail-on", "failed-rows"]] {
        let refused = try await SondeProgram.run(["jobs", "rerun", run.folder, job] + options)
        #expect(
          refused.status == 64
            && refused.errors.contains(
              "leave all options out to queue the job there, or stop the scheduler first"),
          "\(refused)")
      }
      let unknown = try await SondeProgram.run(["jobs", "rerun", run.folder, "none"])
      #expect(unknown.status == 64 && unknown.errors.contains("there is no job “none”"), "\(unknown)")
      service.closeInput()
      _ = try await service.exit()
    }
  }
}
