import Compute
import Foundation
import Synchronization
import TestSupport
import Testing

/// A local target that scales, with real processes.
@Suite(.timeLimit(.minutes(30))) struct ScalingTargetTests {
  /// A worker that answers a task only when four workers have been given one: fewer nodes could never finish.
  private static let waitsForFour = WorkerCommand(
    executable: "/bin/sh",
    arguments: [
      "-c",
      """
      echo '{"status":"ready"}'
      while read -r line; do
        attempt=${line#*'"attempt":'}; attempt=${attempt%%,*}
        task=${line##*'"task":'}; task=${task%\\}}
        input=${line#*'"input":"'}; input=${input%%'"'*}
        : > "$input/worker-at-$$"
        while [ "$(ls "$input" | grep -c worker-at)" -lt 4 ]; do sleep 0.05; done
        echo "{\\"status\\":\\"ok\\",\\"task\\":$task,\\"attempt\\":$attempt,\\"items\\":1,\\"failed_items\\":0}"
      done
      """,
    ])

  /// A worker that has done each task at once.
  private static let answers = WorkerCommand(
    executable: "/bin/sh",
    arguments: [
      "-c",
      "echo '{\"status\":\"ready\"}'; while read -r l; do echo '{\"status\":\"ok\",\"task\":0,\"attempt\":1,\"items\":1,\"failed_items\":0}'; done",
    ])

  /// On a busy machine an answer is read long after it was given.
  private static let oneTask = ComputeJob(
    name: "a", input: "x", worker: answers, tasks: [0],
    retry: RetrySettings(maxRetries: 0, timeout: .seconds(900)))

  private final class Changes: Sendable {
    private let all = Mutex<[NodeTransition]>([])
    func add(_ change: NodeTransition) { all.withLock { $0.append(change) } }
    var list: [NodeTransition] { all.withLock { $0 } }
    /// How many nodes there were after each change.
    var counts: [Int] {
      var present: Set<Int> = []
      return list.map { change in
        if change.state == nil { present.remove(change.node) } else { present.insert(change.node) }
        return present.count
      }
    }
  }

  @Test func scalesFromZeroToFourAndBack() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-scale-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let changes = Changes()
    let target = try LocalTarget(
      scale: AutoscaleSettings(maxInstances: 4, idleTimeBeforeScaleDown: .milliseconds(200)), coresPerNode: 1,
      logFolder: "\(folder)/logs", observe: changes.add)
    for round in 1...2 {
      let input = "\(folder)/round-\(round)"
      try FileManager.default.createDirectory(atPath: input, withIntermediateDirectories: true)
      let job = ComputeJob(
        name: "a", input: input, worker: Self.waitsForFour, tasks: Array(0..<12),
        retry: RetrySettings(maxRetries: 0, timeout: .seconds(60)))
      let outcome = try await target.run(job) { _ in }
      #expect(outcome.succeeded == 12 && outcome.ending == .finished)
      #expect(changes.counts.max() == 4)
      // Idle for long enough, all of them go, without another job that looks.
      try await waitUntil("no node is left") { changes.counts.last == 0 }
      #expect(changes.counts.last == 0, "round \(round)")
    }
    let states = changes.list.filter { $0.node == 4 }.map(\.state)
    #expect(states.first == .provisioning)
    #expect(states.suffix(3) == [.idle, .leaving, nil])
    #expect(states.contains(.running))
    #expect(zip(changes.list, changes.list.dropFirst()).allSatisfy { $0.at <= $1.at })
    await target.shutDown()
  }

  /// A target, what becomes of its nodes, and its folder of logs, which the caller removes.
  private func twoToThreeNodes() throws -> (LocalTarget, Changes, String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-scale-\(UUID().uuidString)")
      .path
    let changes = Changes()
    let target = try LocalTarget(
      scale: AutoscaleSettings(minInstances: 2, maxInstances: 3), coresPerNode: 1, logFolder: folder,
      observe: changes.add)
    return (target, changes, folder)
  }

  @Test func whatIsLeftGoesWithTheTarget() async throws {
    let (target, changes, folder) = try twoToThreeNodes()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try await target.run(Self.oneTask) { _ in }.succeeded == 1)
    #expect(changes.counts.last == 2)
    await target.shutDown()
    #expect(changes.counts.last == 0)
  }

  @Test func whatWasPreparedTakesTheTasks() async throws {
    let (target, changes, folder) = try twoToThreeNodes()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for _ in 1...2 {
      await target.prepare(for: Self.answers)
      #expect(changes.counts.last == 2)
      let started = Mutex(0)
      let outcome = try await target.run(Self.oneTask) { event in
        if case .workerStarted = event { started.withLock { $0 += 1 } }
      }
      #expect(outcome.succeeded == 1)
      #expect(started.withLock { $0 } == 0, "the workers were there")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    // Workers that cannot be started show in the job.
    await target.prepare(for: WorkerCommand(executable: "/nowhere/worker"))
    let job = ComputeJob(
      name: "b", input: "x", worker: WorkerCommand(executable: "/nowhere/worker"), tasks: [0])
    guard case .gaveUp = try await target.run(job, report: { _ in }).ending else {
      Issue.record("workers that do not exist have worked")
      return
    }
    await target.shutDown()
    #expect(changes.counts.last == 0)
  }
}
