import Foundation
import Supervision
import TestSupport
import Testing

/// `sonde schedule` with real worker processes that are stopped and orphaned.
@Suite(.timeLimit(.minutes(30))) struct ScheduledScoringTests {
  private static let hourly = [
    "--cron", "0 * * * *", "--nodes", "2", "--mini-batch-size", "1", "--until-stdin-closes",
  ]

  /// The workers of a process: the children of any of its threads.
  private func workers(of process: Int32) -> [ChildProcess] {
    let tasks = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return threads.flatMap { thread in
      let text = (try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { Int32($0) }.compactMap(ChildProcess.init)
    }
  }

  /// A worker that is stopped between two jobs holds up the next one for certain; that one is canceled.
  @Test func aCanceledJobLeavesNothingHalfWrittenAndARerunWritesTheSame() async throws {
    let expected = try await ScoringRun.with { run in
      #expect(try await run.schedule(["--cron", "0 * * * *"]) == .exited(code: 0))
      return try run.outputs()
    }
    // Eleven hourly jobs and the closing one, two files each.
    #expect(expected.count == 24)
    let job = "2026-01-01T14-00-00Z"
    try await ScoringRun.with(watermark: .seconds(13 * 3600 + 60)) { run in
      // Workers that stand still are not given up meanwhile, however long it takes.
      let service = try await run.start(run.arguments(Self.hourly + ["--set", "retry_settings.timeout=1h"]))
      try await waitUntil("the first job is done") {
        FileManager.default.fileExists(atPath: "\(run.folder)/predictions/2026-01-01T13-00-00Z/_SUCCESS")
      }
      let workers = workers(of: service.processID)
      #expect(workers.count == 2)
      for worker in workers { kill(worker.id, SIGSTOP) }
      try run.store(watermark: .seconds(14 * 3600 + 60))
      var shown = ""
      for _ in 0..<10_000 where !shown.contains("running") {
        shown = try await SondeProgram.run(["jobs", "show", run.folder, job]).output
      }
      #expect(shown.contains("running"), "\(shown)")
      #expect(
        try await SondeProgram.run(["jobs", "rerun", run.folder, job]).status != 0,
        "the scheduler holds the folder")
      #expect(try await run.sonde(["jobs", "cancel", run.folder, job]) == "job \(job) is canceled\n")
      for worker in workers { kill(worker.id, SIGCONT) }
      try run.store(watermark: .seconds(86_340))
      service.closeInput()
      #expect(try await service.exit() == .exited(code: 0))

      let found = try run.outputs()
      #expect(found["\(job)/predictions.csv"] == nil && found["\(job)/_SUCCESS"] == nil)
      #expect(try await run.sonde(["jobs", "show", run.folder, job]).contains("canceled"))
      #expect(try await run.sonde(["jobs", "rerun", run.folder, job]).contains("72 windows scored"))
      #expect(try run.outputs() == expected)
      let logs = try await run.sonde(["jobs", "logs", run.folder, job, "--follow"])
      #expect(
        logs.contains("task 5 attempt 1")
          && logs.split(separator: "\n").allSatisfy { $0.hasPrefix("worker-") })
    }
  }

  @Test func workersDieWithTheirScheduler() async throws {
    try await ScoringRun.with { run in
      let service = try await run.start(run.arguments(Self.hourly))
      try await waitUntil("a job is done") {
        FileManager.default.fileExists(atPath: "\(run.folder)/predictions/2026-01-01T13-00-00Z/_SUCCESS")
      }
      let workers = workers(of: service.processID)
      #expect(workers.count == 2)
      service.send(signal: SIGKILL)
      #expect(try await service.exit() == .killed(signal: SIGKILL))
      try await waitUntil("the workers are gone") { !workers.contains(where: \.isAlive) }
    }
  }
}

/// A process, told by its start time from a later one that got the same id.
private struct ChildProcess {
  let id: Int32
  private let started: Substring

  init?(_ id: Int32) {
    guard let status = Self.status(id) else { return nil }
    self.id = id
    started = status.started
  }

  /// Whether it runs: it is neither gone nor a zombie.
  var isAlive: Bool {
    guard let status = Self.status(id) else { return false }
    return status.state != "Z" && status.started == started
  }

  /// Fields 3 and 22 of `/proc/ID/stat`, proc(5).
  private static func status(_ id: Int32) -> (state: Substring, started: Substring)? {
    guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let name = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: name)...].split(separator: " ")
    return fields.count > 19 ? (fields[0], fields[19]) : nil
  }
}
