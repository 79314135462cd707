import Compute
import Foundation
import Synchronization
import Testing

/// Local targets with workers that are shell scripts: the protocol needs no Swift on the other side.
@Suite(.timeLimit(.minutes(30))) struct LocalTargetTests {
  /// A worker that runs `body` for each request, with `$task`, `$attempt` and `$input` set, and then answers.
  private static func worker(_ body: String) -> WorkerCommand {
    let script = """
      echo '{"status":"ready"}'
      while read -r line; do
        attempt=${line#*'"attempt":'}; attempt=${attempt%%,*}
        task=${line##*'"task":'}; task=${task%\\}}
        input=${line#*'"input":"'}; input=${input%%'"'*}
        \(body)
        echo "{\\"status\\":\\"ok\\",\\"task\\":$task,\\"attempt\\":$attempt,\\"items\\":2,\\"failed_items\\":0}"
      done
      """
    return WorkerCommand(executable: "/bin/sh", arguments: ["-c", script])
  }

  /// However busy the machine is, no task is given up for being slow.
  private static let patient = RetrySettings(timeout: .seconds(3600))

  private final class Events: Sendable {
    private let all = Mutex<[ComputeEvent]>([])
    func add(_ event: ComputeEvent) { all.withLock { $0.append(event) } }
    var list: [ComputeEvent] { all.withLock { $0 } }
    var succeeded: [Int] {
      list.compactMap { if case .taskSucceeded(let task, _, _, _) = $0 { task } else { nil } }.sorted()
    }
    var retryReasons: [String] {
      list.compactMap { if case .taskRetried(_, _, let reason, _) = $0 { reason } else { nil } }
    }
    var workers: Int { list.count { if case .workerStarted = $0 { true } else { false } } }
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-compute-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  @Test func runsEveryTaskAndKeepsWorkersWarmBetweenJobs() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: folder)
      let events = Events()
      let job = ComputeJob(
        name: "a", input: "x", worker: Self.worker("echo task $task >&2"), tasks: Array(0..<50),
        retry: Self.patient)
      for _ in 1...2 {
        let outcome = try await target.run(job, report: events.add)
        #expect(outcome == ComputeOutcome(ending: .finished, succeeded: 50, failed: 0, retries: 0, notRun: 0))
      }
      #expect(events.workers == 2)
      #expect(events.succeeded == (Array(0..<50) + Array(0..<50)).sorted())
      await target.shutDown()
      let logs = try (1...2).map { try String(contentsOfFile: "\(folder)/worker-\($0).log", encoding: .utf8) }
      #expect(logs.joined().contains("task 49"))
    }
  }

  @Test func aCrashedWorkersTaskIsDoneByAnother() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: folder)
      let events = Events()
      let crash = "if [ $task = 3 ] && [ $attempt = 1 ]; then kill -9 $$; fi"
      let job = ComputeJob(
        name: "a", input: "x", worker: Self.worker(crash), tasks: Array(0..<10),
        retry: Self.patient)
      let outcome = try await target.run(job, report: events.add)
      #expect(outcome == ComputeOutcome(ending: .finished, succeeded: 10, failed: 0, retries: 1, notRun: 0))
      #expect(events.retryReasons.first?.contains("signal 9") == true, "\(events.retryReasons)")
      #expect(events.workers >= 2)
      await target.shutDown()
    }
  }

  @Test func aHungWorkerIsKilledAfterTheTimeout() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 1, coresPerNode: 1, logFolder: folder)
      let events = Events()
      let hang = "if [ $task = 1 ] && [ $attempt = 1 ]; then exec sleep 600; fi"
      let job = ComputeJob(
        name: "a", input: "x", worker: Self.worker(hang), tasks: [0, 1, 2],
        // A busy machine may be slower than that now and then.
        retry: RetrySettings(maxRetries: 50, timeout: .milliseconds(300)))
      let outcome = try await target.run(job, report: events.add)
      #expect(outcome.succeeded == 3)
      #expect(events.retryReasons.first?.contains("0.3 s") == true)
      await target.shutDown()
    }
  }

  @Test func aMissingCommandSaysSo() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 1, coresPerNode: 1, logFolder: folder)
      let job = ComputeJob(
        name: "a", input: "x", worker: WorkerCommand(executable: "/nowhere/worker"), tasks: [0])
      let outcome = try await target.run(job) { _ in }
      guard case .gaveUp(let reason) = outcome.ending else {
        Issue.record("ended with \(outcome.ending)")
        return
      }
      #expect(reason.contains("/nowhere/worker"))
    }
  }

  @Test func workersEndWhenTheTargetIsShutDown() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: folder)
      let job = ComputeJob(
        name: "a", input: folder, worker: Self.worker("echo $$ >> $input/pids"), tasks: Array(0..<8))
      _ = try await target.run(job) { _ in }
      await target.shutDown()
      let pids = try String(contentsOfFile: "\(folder)/pids", encoding: .utf8).split(separator: "\n")
      for pid in Set(pids).compactMap({ Int32($0) }) { #expect(kill(pid, 0) == -1) }
    }
  }

  @Test func tenThousandTasksWithOneInFiftyFailing() async throws {
    try await withFolder { folder in
      let target = try LocalTarget(nodes: 2, coresPerNode: 1, logFolder: folder)
      let events = Events()
      let flaky = """
        if [ $((task % 50)) = 7 ] && [ $attempt = 1 ]; then
          echo "{\\"status\\":\\"failed\\",\\"task\\":$task,\\"attempt\\":1,\\"reason\\":\\"flaky\\"}"; continue
        fi
        """
      let job = ComputeJob(
        name: "a", input: "x", worker: Self.worker(flaky), tasks: Array(0..<10_000),
        retry: Self.patient)
      let outcome = try await target.run(job, report: events.add)
      #expect(
        outcome == ComputeOutcome(ending: .finished, succeeded: 10_000, failed: 0, retries: 200, notRun: 0))
      #expect(events.succeeded == Array(0..<10_000))
      await target.shutDown()
    }
  }

  @Test(arguments: [(0, 1), (1, 0), (300, 1), (Int.max, 2)])
  func impossibleSizesAreRefused(nodes: Int, cores: Int) {
    #expect(throws: ComputeError.self) {
      try LocalTarget(nodes: nodes, coresPerNode: cores, logFolder: "/tmp")
    }
  }
}
