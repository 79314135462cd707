import Files
import Foundation
import GRDB
import Supervision
import Synchronization
import TestSupport
import Testing

/// Real tasks in real workers, of which some fail.
@Suite(.serialized, .timeLimit(.minutes(30))) struct FailingTasksTests {
  private func number(_ run: ScoringRun, _ sql: String) throws -> Int {
    try DatabaseQueue(path: "\(run.folder)/jobs.sqlite").read { try Int.fetchOne($0, sql: sql) ?? 0 }
  }

  /// The most memory that a process has had, in kilobytes; nil before its program has begun, and once it has gone.
  private func peakMemory(of process: Int32) -> Int? {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
  }

  /// The most memory that the coordinator of the folder's job has had when it has ended, in kilobytes. To be made before it starts.
  private func coordinatorsPeak(_ folder: String, _ tell: @escaping @Sendable (Int) -> Void) -> PromptAction {
    let look: @Sendable () -> Int32? = {
      try? Processes.naming(folder).first { Processes.commandLine(of: $0).dropFirst().first == "score" }
    }
    return PromptAction(when: "the coordinator of \(folder) has begun", look) { process in
      var peak = 0
      while let state = Processes.state(of: process), state != "Z" {
        peak = max(peak, peakMemory(of: process) ?? 0)
        usleep(20_000)
      }
      tell(peak)
    }
  }

  /// As on a full disk: there is room for the parts, and not for all that they come to together.
  @Test func aDiskThatIsFullEndsTheCommandAndTheNextOneGoesOn() async throws {
    func prepared(_ body: (ScoringRun, [String]) async throws -> Data) async throws -> Data {
      try await ScoringRun.with(devices: 40, windows: 288) { run in
        _ = try await run.sonde([
          "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z",
        ])
        return try await body(
          run,
          ["score", run.folder, "--after", "2026-01-01T12:00:00Z", "--nodes", "2", "--mini-batch-size", "2"])
      }
    }
    func predictions(_ run: ScoringRun) throws -> Data {
      let outputs = try run.outputs()
      #expect(outputs.count == 2)
      return try #require(outputs.first { $0.key.hasSuffix("/predictions.csv") }?.value)
    }
    let expected = try await prepared { run, score in
      _ = try await run.sonde(score)
      return try predictions(run)
    }
    #expect(expected.count > 500_000)
    let found = try await prepared { run, score in
      let limited = "trap '' XFSZ; ulimit -f 800; exec \"$0\" \"$@\""
      let service = try await Service.start(
        name: "score", executable: "/bin/sh", arguments: ["-c", limited, SondeProgram.path] + score,
        log: "\(run.folder)/score.err")
      #expect(try await service.exit() == .exited(code: 70))
      let said = try TextFile.text(of: "\(run.folder)/score.err")
      #expect(said.contains("tasks/rows: File too large"), "\(said)")
      #expect(try run.outputs().isEmpty)
      _ = try await run.sonde(score)
      return try predictions(run)
    }
    #expect(found == expected)
  }

  /// The more tasks, the more memory, but no more than a few hundred bytes each.
  ///
  /// A thousand tasks; ten thousand, which take over a minute, with `SONDE_LARGE_TESTS=1`.
  @Test func thousandsOfTasksOfWhichOneInFiftyFails() async throws {
    let isLarge = ProcessInfo.processInfo.environment["SONDE_LARGE_TESTS"] != nil
    let count = isLarge ? 10_000 : 1000
    try await ScoringRun.with(devices: count, windows: 14) { run in
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T01:00:00Z",
      ])
      let peaks = Mutex(0)
      let watch = coordinatorsPeak(run.folder) { peak in peaks.withLock { $0 = peak } }
      let service = try await run.start(
        [
          "score", run.folder, "--after", "2026-01-01T01:00:00Z", "--mini-batch-size", "1", "--nodes", "2",
          "--format", "json", "--set", "retry_settings.max_retries=1", "--set", "logging_level=warning",
        ], environment: ["SONDE_FAIL_TASKS": "0.02#7"])
      for await _ in service.lines {}
      #expect(try await service.exit() == .exited(code: 0))
      try await watch.finish()
      let peak = peaks.withLock { $0 }
      #expect(try number(run, "SELECT count(*) FROM tasks") == count)
      let failed = try number(run, "SELECT count(*) FROM tasks WHERE state = 'failed'")
      let attempts = try number(run, "SELECT count(*) FROM failed_attempts")
      let retried = try number(run, "SELECT retries FROM jobs")
      #expect((1...count / 20).contains(attempts), "\(attempts) of about \(count / 50)")
      #expect(attempts == retried + failed, "each failure was retried or is reported")
      #expect(!isLarge || failed > 0, "one in 2,500 fails twice")
      #expect(try number(run, "SELECT count(*) FROM tasks WHERE state NOT IN ('completed', 'failed')") == 0)
      let scored = try run.scored()
      let failures = try run.scored(file: "failed.csv")
      #expect(Set(scored).count == scored.count && Set(scored).isDisjoint(with: failures))
      #expect(failures.count == failed)
      #expect(scored.count + failures.count == count)
      #expect(peak > 0 && peak < 300_000, "the coordinator took \(peak) kB")
      print("\(count) tasks: \(attempts) failed attempts, \(failed) given up, coordinator's peak \(peak) kB")
    }
  }
}
