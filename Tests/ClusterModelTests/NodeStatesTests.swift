import ClusterModel
import Compute
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

/// The simulator and real targets give nodes the same states at the same times, for the same events.
@Suite(.timeLimit(.minutes(30))) struct NodeStatesTests {
  // MARK: - A board that is driven as a local target drives it

  /// What is changed on the target's side, and not on the simulator's.
  enum Damage {
    case none, idleTime, fewestNodes, mostNodes, startUp, keptNode, taskTime
  }

  private static func taskTime(_ task: Int) -> Duration { .seconds(1 + task * 7 % 19) }

  /// Of a random cluster with three jobs: how the lives of its nodes in the simulator differ from those on the target, and how many
  /// of them were taken away.
  private static func differences(seed: UInt64, _ damage: Damage) -> (found: [String], taken: Int) {
    var random = SeededGenerator(seed: seed, stream: "node-states")
    let cores = 1 + random.index(below: 3)
    var scale = AutoscaleSettings(
      minInstances: random.index(below: 2), maxInstances: 3 + random.index(below: 4),
      idleTimeBeforeScaleDown: .seconds(10 + random.index(below: 60)))
    var cluster = SimulatedCluster(scale: scale, coresPerNode: cores)
    cluster.startUp = StartUpProfile.named("gcp") ?? .none
    cluster.startUp.failureShare = 0.1
    cluster.startUp.giveUpSeconds = 90
    cluster.retry.timeout = .seconds(1_000_000)
    cluster.preemption = PreemptionProfile(
      name: "test", lifetimes: .exponential(meanHours: 0.1), noticeSeconds: 30, cancelsWhenAllAreTaken: false,
      source: "a test")
    let jobs = (0..<3).map { _ in (tasks: 1 + random.index(below: 60), pause: 1 + random.index(below: 200)) }

    var simulator = ClusterSimulator(cluster, seed: seed)
    var begins: [Duration] = []
    for job in jobs {
      simulator.rest(until: simulator.now + .seconds(job.pause))
      begins.append(simulator.now)
      let result = simulator.run(ClusterSimulator.Job(tasks: job.tasks, retry: cluster.retry)) {
        taskTime($0.task)
      }
      #expect(result.isComplete, "seed \(seed)")
    }
    simulator.rest(until: simulator.now + .seconds(30))
    let end = simulator.now
    simulator.rest(until: end + .seconds(3600))
    simulator.finish()
    let all = simulator.takeLives()

    // A second before the end, so that nothing is at the edge.
    let taken = all.filter { $0.taken.map { $0 < end - .seconds(1) } ?? false }
    var fates = TargetReplay.fates(of: all)
    switch damage {
    case .none, .taskTime: break
    case .idleTime: scale.idleSecondsBeforeScaleDown += 1
    case .fewestNodes: scale.minInstances += 1
    case .mostNodes: scale.maxInstances -= 1
    case .startUp: fates[1]?[0].startUp += .seconds(1)
    case .keptNode:
      if let life = taken.min(by: { $0.begin < $1.begin }) {
        let earlier = all.count { $0.node == life.node && $0.begin < life.begin }
        fates[life.node]?[earlier].takenAfter = nil
      }
    }
    var target = TargetReplay(
      scale, coresPerNode: cores, fates: fates, notice: .seconds(30),
      taskTime: { taskTime($0) + (damage == .taskTime && $0 == 0 ? .seconds(1) : .zero) })
    for (job, begin) in zip(jobs, begins) {
      target.rest(until: begin)
      target.run(tasks: job.tasks)
    }
    target.rest(until: end)
    return (found(seen(all, until: end), seen(target.lives, until: end)), taken.count)
  }

  /// What is seen of `lives` until `end`, in their order: a node's number, its states and their times.
  private static func seen(_ lives: [NodeLife], until end: Duration) -> [NodeLife] {
    lives.filter { $0.begin <= end }.map { life in
      var life = life
      life.stretches.removeAll { $0.from > end }
      life.end = min(life.end, end)
      return life
    }.sorted { ($0.node, $0.begin) < ($1.node, $1.begin) }
  }

  /// A target looks at its clock ten times a second, and sees what has rested long enough that much later.
  private static func found(_ simulated: [NodeLife], _ real: [NodeLife]) -> [String] {
    guard simulated.count == real.count else {
      return ["\(simulated.count) lives, \(real.count) on the target"]
    }
    let resolution = ComputeDefaults.timeoutCheckInterval
    func isLate(_ a: Duration, _ b: Duration) -> Bool { a > b || b - a > resolution }
    return zip(simulated, real).compactMap { one, other in
      let isSame =
        one.node == other.node && one.stretches.map(\.state) == other.stretches.map(\.state)
        && !zip(one.stretches, other.stretches).contains { isLate($0.from, $1.from) }
        && !isLate(one.end, other.end)
      return isSame ? nil : "\(one)\nand on the target \(other)"
    }
  }

  @Test(arguments: UInt64(0)..<40) func nodesHaveTheStatesOfATarget(seed: UInt64) {
    #expect(Self.differences(seed: seed, .none).found == [], "seed \(seed)")
  }

  /// Every other idle time, start-up and loss is seen in every cluster. Not every cluster has work for its last node, or rests without
  /// its fewest, and a task that takes longer is not seen where its node is at another one at the same time.
  @Test(arguments: [
    (Damage.idleTime, 20), (.startUp, 20), (.keptNode, 20), (.fewestNodes, 15), (.mostNodes, 5),
    (.taskTime, 10),
  ]) func aRuleThatDiffersIsFound(damage: Damage, leastOfTwenty: Int) {
    let results = (UInt64(0)..<20).map { Self.differences(seed: $0, damage) }
    let found = results.count { !$0.found.isEmpty || damage == .keptNode && $0.taken == 0 }
    #expect(found >= leastOfTwenty)
    #expect(results.count { $0.taken > 0 } >= 10)
  }

  // MARK: - A local target with processes

  private final class Seen: Sendable {
    let changes = Mutex<[NodeTransition]>([])
    let events = Mutex<[ComputeEvent]>([])
    var lives: [NodeLife] { TargetReplay.lives(changes.withLock { $0 }) }
  }

  /// Waits for as long as its task says, from when two workers have been given one: both have one, however slow one is to start.
  private static let worker = WorkerCommand(
    executable: "/bin/sh",
    arguments: [
      "-c",
      """
      echo '{"status":"ready"}'
      while read -r line; do
        task=${line##*'"task":'}; task=${task%\\}}
        input=${line#*'"input":"'}; input=${input%%'"'*}
        : > "$input/worker-at-$$"
        while [ "$(ls "$input" | grep -c worker-at)" -lt 2 ]; do sleep 0.02; done
        case $task in 0) sleep 1.2;; 1) sleep 0.2;; *) sleep 0.3;; esac
        echo "{\\"status\\":\\"ok\\",\\"task\\":$task,\\"attempt\\":1,\\"items\\":1,\\"failed_items\\":0}"
      done
      """,
    ])

  /// The target's own times of tasks and of the starts of workers are given to the simulator, so that a busy machine changes nothing:
  /// what nodes do at work must then be the same, and no node may go before it does in the simulator.
  @Test func theSimulatorRepeatsWhatALocalTargetDid() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-states-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: "\(folder)/input", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let seen = Seen()
    let scale = AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .milliseconds(400))
    let target = try LocalTarget(
      scale: scale, coresPerNode: 1, logFolder: "\(folder)/logs",
      observe: { change in seen.changes.withLock { $0.append(change) } })
    let job = ComputeJob(
      name: "a", input: "\(folder)/input", worker: Self.worker, tasks: Array(0..<4),
      retry: RetrySettings(maxRetries: 0, timeout: .seconds(300)))
    let outcome = try await target.run(job) { event in seen.events.withLock { $0.append(event) } }
    #expect(outcome.succeeded == 4)
    try await waitUntil("two nodes have come and gone") { seen.lives.count >= 2 }
    await target.shutDown()

    let real = seen.lives.sorted { $0.stretches[2].from < $1.stretches[2].from }
    try #require(real.count == 2)
    let origin = try #require(real.map(\.begin).min())
    func busy(_ life: NodeLife) -> Duration { life.stretches[2].from - origin }
    var seconds: [Int: Duration] = [:]
    for case .taskSucceeded(let task, _, _, let duration) in seen.events.withLock({ $0 }) {
      seconds[task] = duration
    }
    // Of the second worker the simulator knows no later start: its first task is as much longer.
    seconds[1, default: .zero] += busy(real[1]) - busy(real[0])

    func simulated(_ change: (inout SimulatedCluster) -> Void) -> [NodeLife] {
      var cluster = SimulatedCluster(scale: scale)
      cluster.workerStartSeconds = busy(real[0]).seconds
      cluster.retry = job.retry
      change(&cluster)
      var simulator = ClusterSimulator(cluster, seed: 1)
      _ = simulator.run(ClusterSimulator.Job(tasks: 4, retry: cluster.retry)) { seconds[$0.task] ?? .zero }
      simulator.finish()
      return simulator.takeLives().sorted { $0.node < $1.node }
    }
    func isRepeated(_ lives: [NodeLife]) -> Bool {
      lives.count == 2
        && zip(lives, real).allSatisfy { one, other in
          let rest = zip(one.stretches, other.stretches).map { $1.from - origin - $0.from }
          // From the end of its last task on; the other's first task was begun later than in the simulator.
          return one.stretches.map(\.state) == [.provisioning, .idle, .running, .idle, .leaving]
            && one.stretches.map(\.state) == other.stretches.map(\.state)
            && abs(rest[3] / .microseconds(1)) < 1000
            && rest[4] >= .milliseconds(-1)
            && other.end - origin - one.end >= .milliseconds(-1)
        }
    }
    #expect(isRepeated(simulated { _ in }), "\(simulated { _ in }) \(real)")
    #expect(!isRepeated(simulated { $0.scale.idleSecondsBeforeScaleDown += 3600 }))
    #expect(!isRepeated(simulated { $0.scale.minInstances = 1 }))
    #expect(!isRepeated(simulated { $0.scale.maxInstances = 1 }))
  }
}

extension NodeLife {
  /// When somebody else took it.
  fileprivate var taken: Duration? { stretches.first { $0.state == .preempted }?.from }
}
