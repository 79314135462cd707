import Foundation
import GRDB
import Subprocess
import SystemPackage
import Telemetry
import Testing
import WindowStore

/// `sonde schedule` with real worker processes, killed for real.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ScheduledScoringTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
  static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "sonde").path

  func withRun(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "sonde-schedule-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try WindowStoreWriter(
      path: "\(path)/sonde.sqlite",
      settings: WindowSettings(
        window: .seconds(300), outOfOrderness: .seconds(30), allowedLateness: .seconds(300)))
    var batch = StoreBatch()
    batch.windows = try windows()
    batch.progress.fleetWatermark = Self.start + .seconds(86_340)
    try writer.commit(batch)
    try writer.close()
    try await body(path)
  }

  private func windows() throws -> [WindowRow] {
    var windows: [WindowRow] = []
    for device in 0..<12 {
      let id = try #require(DeviceID("pump-\(device)"))
      let sensor = try #require(SensorID("temperature"))
      var generator = SeededGenerator(seed: 42, stream: id.name)
      for number in 0..<288 {
        let mean = 60 + generator.uniform(in: -1...1)
        let begin = Self.start + .seconds(300 * number)
        windows.append(
          WindowRow(
            device: id, sensor: sensor, start: begin, end: begin + .seconds(300),
            aggregates: Aggregates(count: 30, mean: mean, stddev: 0.5, min: mean - 1, max: mean + 1),
            revision: 1,
            visibleFrom: begin + .seconds(300)))
      }
    }
    return windows
  }

  private func arguments(_ run: String, nodes: Int, miniBatchSize: String) -> Arguments {
    [
      "schedule", run, "--cron", "0 * * * *", "--from", "2026-01-01T12:00:00Z", "--train-from",
      "2026-01-01T00:00:00Z",
      "--train-to", "2026-01-01T12:00:00Z", "--until-stdin-closes", "--nodes", "\(nodes)",
      "--mini-batch-size",
      miniBatchSize, "--format", "json",
    ]
  }

  /// Runs to the end; `act` gets the scheduler's process id at each of its lines.
  func schedule(
    _ run: String, nodes: Int, miniBatchSize: String, act: (Int32, String) -> Void = { _, _ in }
  ) async throws -> TerminationStatus {
    try await Subprocess.run(
      .path(FilePath(Self.binary)),
      arguments: arguments(run, nodes: nodes, miniBatchSize: miniBatchSize),
      input: .none,
      output: .sequence, error: .discarded
    ) { execution in
      for try await line in execution.standardOutput.strings() {
        act(execution.processIdentifier.value, line)
      }
    }.terminationStatus
  }

  func outputs(_ run: String) throws -> [String: Data] {
    var outputs: [String: Data] = [:]
    for job in try FileManager.default.contentsOfDirectory(atPath: "\(run)/predictions") {
      let files = try FileManager.default.contentsOfDirectory(atPath: "\(run)/predictions/\(job)")
      for file in files where file != "tasks" {
        outputs["\(job)/\(file)"] = try Data(
          contentsOf: URL(fileURLWithPath: "\(run)/predictions/\(job)/\(file)"))
      }
    }
    return outputs
  }

  /// The workers of a process: the children of any of its threads.
  private func children(of process: Int32) -> [Int32] {
    let tasks = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
    return threads.flatMap { thread in
      let text = (try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { Int32($0) }
    }
  }

  private func expected() async throws -> [String: Data] {
    var expected: [String: Data] = [:]
    try await withRun { run in
      #expect(try await schedule(run, nodes: 1, miniBatchSize: "auto") == .exited(0))
      expected = try outputs(run)
    }
    // Eleven hourly jobs and the closing one, two files each.
    #expect(expected.count == 24)
    return expected
  }

  @Test func nodesAndKilledWorkersDoNotChangeAByte() async throws {
    let expected = try await expected()
    try await withRun { run in
      var kills = 0
      let status = try await schedule(run, nodes: 4, miniBatchSize: "1") { process, line in
        // At the start of every other job, one worker dies.
        guard line.contains("\"job_started\""), let victim = children(of: process).last else { return }
        kills += 1
        if kills % 2 == 0 { kill(victim, SIGKILL) }
      }
      #expect(status == .exited(0))
      #expect(kills > 4)
      let found = try outputs(run)
      #expect(Set(found.keys) == Set(expected.keys))
      #expect(found == expected)
    }
  }

  /// Stops every worker and cancels the job that waits for them. The job just started may be done without them, and a
  /// worker may be started later: so it stops and tries until a cancel is taken.
  private func cancelJobOfStoppedWorkers(_ run: String, scheduler: Int32) throws -> String? {
    let database = try DatabaseQueue(path: "\(run)/jobs.sqlite")
    var stopped: Set<Int32> = []
    defer { for worker in stopped { kill(worker, SIGCONT) } }
    for _ in 0..<100 {
      for worker in children(of: scheduler) where kill(worker, SIGSTOP) == 0 { stopped.insert(worker) }
      Thread.sleep(forTimeInterval: 0.3)
      let running = try database.read {
        try String.fetchOne($0, sql: "SELECT id FROM jobs WHERE state = 'running'")
      }
      guard let running else { continue }
      #expect(sonde(["jobs", "rerun", run, running]) == nil, "the scheduler holds the folder")
      if sonde(["jobs", "cancel", run, running]) == "job \(running) is canceled\n" { return running }
    }
    return nil
  }

  @Test func aCanceledJobLeavesNothingHalfWrittenAndARerunWritesTheSame() async throws {
    let expected = try await expected()
    try await withRun { run in
      var canceled: String?
      let status = try await schedule(run, nodes: 2, miniBatchSize: "1") { process, line in
        guard canceled == nil, line.contains("\"job_started\""),
          FileManager.default.fileExists(atPath: "\(run)/predictions/2026-01-01T13-00-00Z/_SUCCESS")
        else { return }
        canceled = try? cancelJobOfStoppedWorkers(run, scheduler: process)
      }
      #expect(status == .exited(0))
      let job = try #require(canceled)
      var found = try outputs(run)
      #expect(found["\(job)/predictions.csv"] == nil && found["\(job)/_SUCCESS"] == nil)
      #expect(sonde(["jobs", "show", run, job])?.contains("canceled") == true)
      #expect(sonde(["jobs", "rerun", run, job])?.contains("144 windows scored") == true)
      found = try outputs(run)
      #expect(found == expected)
      let logs = try #require(sonde(["jobs", "logs", run, job, "--follow"]))
      #expect(
        logs.contains("task 11 attempt 1")
          && logs.split(separator: "\n").allSatisfy { $0.hasPrefix("worker-") })
    }
  }

  /// What `sonde` prints; nil where it does not leave with 0.
  private func sonde(_ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.binary)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }

  @Test func aKilledSchedulerIsTakenUpAndItsWorkersDieWithIt() async throws {
    let expected = try await expected()
    try await withRun { run in
      // Killed at its first, fourth, seventh, … line, until it gets through.
      var limit = 1
      var workers: Set<WorkerProcess> = []
      while true {
        var lines = 0
        let status = try await schedule(run, nodes: 2, miniBatchSize: "2") { process, _ in
          lines += 1
          workers.formUnion(children(of: process).compactMap(WorkerProcess.init))
          if lines == limit { kill(process, SIGKILL) }
        }
        if status == .exited(0) { break }
        #expect(status == .signaled(SIGKILL))
        limit += 3
        try #require(limit < 400)
      }
      #expect(limit > 10, "it was killed a few times")
      let found = try outputs(run)
      #expect(Set(found.keys) == Set(expected.keys))
      #expect(found == expected)
      #expect(!workers.isEmpty)
      for worker in workers {
        // A process that is killed takes a moment to be gone.
        for _ in 0..<100 where worker.isAlive { try await Task.sleep(for: .milliseconds(100)) }
        if worker.isAlive { Issue.record("worker \(worker.id) is still there") }
      }
    }
  }
}

/// A process, told by its start time from a later one that got the same id.
private struct WorkerProcess: Hashable {
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
