import Files
import Foundation
import Supervision
import Telemetry
import TestSupport
import Testing

/// When each attempt at a job and at its tasks began and ended, and on which machine.
@Suite(.timeLimit(.minutes(30))) struct JobAttemptTests {
  private struct Attempt: Decodable {
    var attempt: Int
    var state: String?
    var host: String?
    var startedAt: Timestamp
    var endedAt: Timestamp
    var durationMs: Double?
    var seconds: Double?
  }

  private struct Job: Decodable {
    var state: String
    var startedAt: Timestamp
    var endedAt: Timestamp
    var attempts: [Attempt]
    var hosts: [String]
  }

  private struct Shown: Decodable {
    struct Task: Decodable {
      var host: String
      var startedAt: Timestamp
      var endedAt: Timestamp
      var durationMs: Double
    }

    var job: Job
    var tasks: [Task]
    var failedAttempts: [Attempt]
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(text.utf8))
  }

  private func jobs(_ run: ScoringRun) async throws -> [Job] {
    try decode([Job].self, try await run.sonde(["jobs", "list", run.folder, "--format", "json"]))
  }

  private func job(_ run: ScoringRun) throws -> String {
    try #require(try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
  }

  @Test func everyAttemptAtATaskHasItsTimesAndItsMachine() async throws {
    try await ScoringRun.trained { run in
      // Seed 2 fails some attempts, and none of a task for good.
      let service = try await run.start(
        ["score", run.folder, "--mini-batch-size", "1", "--set", "retry_settings.max_retries=20"]
          + ScoringRun.noon, environment: ["SONDE_FAIL_TASKS": "0.4#2"])
      for await _ in service.lines {}
      #expect(try await service.exit() == .exited(code: 0))
      // As the kernel has it.
      let host = try TextFile.text(of: "/proc/sys/kernel/hostname")
        .trimmingCharacters(in: .whitespacesAndNewlines)
      let id = try job(run)
      let shown = try decode(
        Shown.self, try await run.sonde(["jobs", "show", run.folder, id, "--format", "json"]))
      #expect(shown.tasks.count == 6 && !shown.failedAttempts.isEmpty)
      #expect(
        shown.tasks.allSatisfy { $0.host == host } && shown.failedAttempts.allSatisfy { $0.host == host })
      for task in shown.tasks {
        #expect(abs((task.endedAt - task.startedAt).seconds * 1000 - task.durationMs) <= 1)
      }
      for attempt in shown.failedAttempts {
        let duration = try #require(attempt.durationMs)
        #expect(abs((attempt.endedAt - attempt.startedAt).seconds * 1000 - duration) <= 1)
      }
      #expect(shown.job.hosts == [host] && shown.job.attempts.map(\.state) == ["completed"])
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(list.contains("  STARTED") && list.contains("  ENDED") && list.contains("  \(host)"), "\(list)")
      let text = try await run.sonde(["jobs", "show", run.folder, id])
      #expect(text.contains("attempt 1 from \(shown.job.startedAt) to \(shown.job.endedAt), "), "\(text)")
      #expect(text.contains("on \(host)\n") && text.contains("  HOST"), "\(text)")
      let logs = try await run.sonde(["jobs", "logs", run.folder, id])
      #expect(logs.firstMatch(of: #/task 0 attempt 1 of [^ ]+: started at 20[^ ]+Z on /#) != nil, "\(logs)")
      #expect(logs.contains(" on \(host)\n"), "\(logs)")
      #expect(
        logs.firstMatch(of: #/items, 0 failed, ended at 20[^ ]+Z after [0-9.]+ ms\n/#) != nil, "\(logs)")
    }
  }

  /// What lies between a failure and its rerun is no time of the job's.
  @Test func aRerunIsAnAttemptOfItsOwn() async throws {
    try await ScoringRun.trained { run in
      let aside = "\(run.folder)/aside"
      try FileManager.default.moveItem(atPath: "\(run.folder)/models", toPath: aside)
      try Folder.make("\(run.folder)/models")
      try FileManager.default.copyItem(
        atPath: "\(aside)/training.json", toPath: "\(run.folder)/models/training.json")
      #expect(try await SondeProgram.run(["score", run.folder] + ScoringRun.noon).status == 1)
      let first = try #require(try await jobs(run).first)
      #expect(first.attempts.map(\.state) == ["failed"] && first.startedAt == first.attempts[0].startedAt)
      try FileManager.default.removeItem(atPath: "\(run.folder)/models")
      try FileManager.default.moveItem(atPath: aside, toPath: "\(run.folder)/models")
      try await Task.sleep(for: .milliseconds(1200))
      #expect(try await SondeProgram.run(["jobs", "rerun", run.folder, try job(run)]).status == 0)
      let again = try #require(try await jobs(run).first)
      #expect(
        again.attempts.map(\.state) == ["failed", "completed"] && again.attempts.map(\.attempt) == [1, 2])
      #expect(again.attempts[0].endedAt == first.endedAt)
      #expect(again.attempts[1].startedAt >= first.endedAt + .milliseconds(1200))
      #expect(again.startedAt == again.attempts[1].startedAt && again.endedAt == again.attempts[1].endedAt)
      let seconds = try #require(again.attempts[1].seconds)
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(list.contains("  \(seconds) "), "the last attempt's: \(list)")
      #expect(list.firstMatch(of: #/completed +\d+ +858 +0 +0 +\d+ +2 /#) != nil, "two attempts: \(list)")
    }
  }

  @Test func anAttemptWhoseCoordinatorWasKilledWasInterrupted() async throws {
    try await ScoringRun.trained { run in
      let arguments = ["score", run.folder, "--mini-batch-size", "1"] + ScoringRun.noon
      let service = try await run.start(
        arguments,
        environment: ["SONDE_CRASH_AT": "\(CrashPoint.jobFinalizing.rawValue)#1@\(run.folder)/crashed"])
      for await _ in service.lines {}
      #expect(try await service.exit() == .killed(signal: SIGKILL))
      _ = try await run.sonde(arguments)
      let job = try #require(try await jobs(run).first)
      #expect(job.attempts.map(\.state) == ["interrupted", "completed"])
      #expect(job.attempts[0].startedAt <= job.attempts[0].endedAt)
      #expect(job.attempts[0].endedAt <= job.attempts[1].startedAt)
    }
  }
}
