import ClusterModel
import Compute
import Telemetry
import Testing

/// The simulator against a list scheduler that was written apart from it, knows no board and no autoscaler, and is a few lines long.
@Suite struct ClusterSimulatorTests {
  /// The end of the last of `times`, each of which goes to the worker that is free first; of several, to the lowest.
  private static func listSchedule(_ times: [Int64], workers: Int) -> Int64 {
    var free = [Int64](repeating: 0, count: workers)
    for time in times {
      let worker = free.indices.min { (free[$0], $0) < (free[$1], $1) } ?? 0
      free[worker] += time
    }
    return free.max() ?? 0
  }

  /// The end of the longest of `workers` heaps, to which `times` are dealt in turn.
  private static func dealt(_ times: [Int64], workers: Int) -> Int64 {
    let heaps = min(workers, times.count)
    return (0..<heaps).map { heap in
      stride(from: heap, to: times.count, by: heaps).reduce(0) { $0 + times[$1] }
    }.max() ?? 0
  }

  private static func simulated(
    _ times: [Int64], nodes: Int, cores: Int = 1, _ dispatch: SimulatedCluster.Dispatch = .pull
  ) -> ClusterSimulator.Result {
    var cluster = SimulatedCluster(scale: .fixed(nodes), coresPerNode: cores)
    cluster.dispatch = dispatch
    cluster.retry.timeout = .seconds(1_000_000)
    var simulator = ClusterSimulator(cluster, seed: 1)
    let job = ClusterSimulator.Job(tasks: times.count, retry: cluster.retry)
    return simulator.run(job) { .microseconds(times[$0.task]) }
  }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 16, 32, 64], SimulatedCluster.Dispatch.allCases)
  func makespansAreThoseOfAListScheduler(nodes: Int, dispatch: SimulatedCluster.Dispatch) {
    var random = SeededGenerator(seed: UInt64(nodes), stream: "list-schedule")
    for count in [1, 2, nodes, 3 * nodes + 1, 500] {
      let times = (0..<count).map { _ in Int64(random.uniform(in: 1...5_000_000)) }
      let result = Self.simulated(times, nodes: nodes, dispatch)
      let expected =
        dispatch == .pull
        ? Self.listSchedule(times, workers: nodes) : Self.dealt(times, workers: nodes)
      #expect(result.makespan == .microseconds(expected), "\(count) tasks on \(nodes) nodes, \(dispatch)")
      #expect(result.isComplete)
    }
  }

  /// Graham, "Bounds on Multiprocessing Timing Anomalies", 1969: W/m ≤ makespan ≤ W/m + p_max (1 − 1/m).
  @Test func tenThousandCasesKeepGrahamsBounds() {
    var random = SeededGenerator(seed: 11, stream: "graham")
    for number in 0..<10_000 {
      let workers = 1 + random.index(below: 64)
      let times = (0..<1 + random.index(below: 40)).map { _ in Int64(random.uniform(in: 1...1_000_000)) }
      let cores = [1, 2, 4].last { workers % $0 == 0 } ?? 1
      let makespan = Self.simulated(times, nodes: workers / cores, cores: cores).makespan / .microseconds(1)
      let work = Double(times.reduce(0, +))
      let longest = Double(times.max() ?? 0)
      let m = Double(workers)
      #expect(makespan >= max(longest, work / m) - 1e-6, "seed 11, case \(number)")
      #expect(makespan <= work / m + longest * (1 - 1 / m) + 1e-6, "seed 11, case \(number)")
    }
  }

  @Test func nodesComeGoAndAreReplaced() {
    var cluster = SimulatedCluster(
      scale: AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .seconds(120)))
    cluster.startUp = .fixed(100)
    var simulator = ClusterSimulator(cluster, seed: 1)
    let result = simulator.run(ClusterSimulator.Job(tasks: 4, before: .seconds(1), after: .seconds(2))) { _ in
      .seconds(10)
    }
    #expect(result.makespan == .seconds(1 + 100 + 20 + 2))
    simulator.finish()
    let lives = simulator.takeLives()
    #expect(lives.count == 2 && simulator.nodes.isEmpty)
    for life in lives {
      #expect(life.stretches.map(\.state) == [.provisioning, .idle, .running, .idle, .leaving])
      #expect(life.stretches.map(\.from) == [1, 101, 101, 121, 241].map { .seconds($0) })
      #expect(life.end == .seconds(241))
    }
  }

  @Test func aNodeThatNeverComesUpIsUnusableAndReplaced() {
    var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 1))
    cluster.startUp = .fixed(10)
    cluster.startUp.failureShare = 0.5
    cluster.startUp.giveUpSeconds = 600
    var failures = 0
    for seed in 0..<40 {
      var simulator = ClusterSimulator(cluster, seed: UInt64(seed))
      let result = simulator.run(ClusterSimulator.Job(tasks: 1)) { _ in .seconds(1) }
      simulator.finish()
      let lives = simulator.takeLives()
      let lost = lives.count { $0.stretches.contains { $0.state == .unusable } }
      failures += lost
      #expect(result.isComplete && lives.count == lost + 1, "seed \(seed)")
      #expect(result.makespan == .seconds(600 * lost + 11), "seed \(seed)")
    }
    #expect((20..<80).contains(failures))
  }

  @Test func preemptedTasksAreDoneAgainAndACancelledJobSaysSo() {
    var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 8))
    cluster.retry.timeout = .seconds(100_000)
    var canceled = 0
    for cancels in [false, true] {
      cluster.preemption = PreemptionProfile(
        name: "test", lifetimes: .exponential(meanHours: 0.2), noticeSeconds: 30,
        cancelsWhenAllAreTaken: cancels, source: "a test")
      for seed in 0..<50 {
        var simulator = ClusterSimulator(cluster, seed: UInt64(seed))
        let result = simulator.run(ClusterSimulator.Job(tasks: 80, retry: cluster.retry)) { _ in .seconds(60)
        }
        simulator.finish()
        let taken = simulator.takeLives().count { $0.stretches.contains { $0.state == .preempted } }
        if result.outcome.ending == .canceled { canceled += 1 } else { #expect(result.isComplete) }
        #expect(taken > 0 || result.makespan == .seconds(600), "seed \(seed)")
        #expect(result.makespan >= .seconds(600) || !result.isComplete, "seed \(seed)")
        if !cancels { #expect(result.isComplete, "seed \(seed)") }
      }
    }
    // Eight nodes are seldom gone at the same time; one always is.
    cluster.scale.maxInstances = 1
    var simulator = ClusterSimulator(cluster, seed: 3)
    let alone = simulator.run(ClusterSimulator.Job(tasks: 80, retry: cluster.retry)) { _ in .seconds(60) }
    #expect(alone.outcome.ending == .canceled)
  }

  /// An element of a dealt job that loses its node begins anew with all of its tasks, on the next one.
  @Test func dealtElementsBeginAnewWhereTheirNodeIsTaken() {
    var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 8))
    cluster.dispatch = .deal
    cluster.startUp = .fixed(100)
    cluster.startUp.failureShare = 0.1
    var taken = 0
    for seed in UInt64(0)..<20 {
      cluster.preemption = PreemptionProfile(
        name: "test", lifetimes: .exponential(meanHours: 0.2), noticeSeconds: 30,
        cancelsWhenAllAreTaken: true,
        source: "a test")
      var simulator = ClusterSimulator(cluster, seed: seed)
      let result = simulator.run(ClusterSimulator.Job(tasks: 80)) { _ in .seconds(60) }
      #expect(result.isComplete, "seed \(seed)")
      let lives = simulator.takeLives()
      for node in 1...8 {
        let own = lives.filter { $0.node == node }
        let worked = own.compactMap { life -> Duration? in
          guard let index = life.stretches.firstIndex(where: { $0.state == .running }) else { return nil }
          return (index + 1 < life.stretches.count ? life.stretches[index + 1].from : life.end)
            - life.stretches[index].from
        }
        #expect(worked.last == .seconds(600) && worked.dropLast().allSatisfy { $0 < .seconds(600) })
        #expect(zip(own, own.dropFirst()).allSatisfy { $0.end == $1.begin }, "seed \(seed)")
        #expect(own.dropLast().allSatisfy { [.preempted, .unusable].contains($0.stretches.last?.state) })
        taken += worked.count - 1
      }
      #expect(result.end == lives.compactMap { $0.stretches.first { $0.state == .idle }?.from }.max())
    }
    // What takes longer than any node lives does not go on for ever.
    cluster.preemption = PreemptionProfile.named("gcp")
    var hopeless = ClusterSimulator(cluster, seed: 1)
    #expect(!hopeless.run(ClusterSimulator.Job(tasks: 8)) { _ in .seconds(90_000) }.isComplete)
    #expect(taken > 20)
  }

  /// What takes longer than any node lives ends, as canceled; what takes as long as few of them do is done.
  @Test func aTaskThatOutlastsEveryNodeDoesNotGoOnForEver() {
    var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 8))
    cluster.retry.timeout = .seconds(1_000_000)
    cluster.preemption = PreemptionProfile.named("gcp")
    for (seconds, isDone) in [(90_000, false), (80_000, true)] {
      var simulator = ClusterSimulator(cluster, seed: 1)
      let result = simulator.run(ClusterSimulator.Job(tasks: 8, retry: cluster.retry)) { _ in
        .seconds(seconds)
      }
      #expect(result.isComplete == isDone, "\(seconds) s: \(result.outcome)")
    }
  }

  @Test func aTaskThatOutlastsItsTimeoutFails() {
    var cluster = SimulatedCluster(scale: .fixed(1))
    cluster.retry = RetrySettings(maxRetries: 1, timeout: .seconds(5))
    var simulator = ClusterSimulator(cluster, seed: 1)
    let result = simulator.run(ClusterSimulator.Job(tasks: 2, retry: cluster.retry)) {
      $0.task == 0 ? .seconds(60) : .seconds(1)
    }
    #expect(result.outcome.failed == 1 && result.outcome.succeeded == 1 && !result.isComplete)
  }

  @Test func theSameSeedGivesTheSameAndAnotherDoesNot() {
    var cluster = SimulatedCluster(scale: AutoscaleSettings(maxInstances: 8))
    cluster.startUp = StartUpProfile.named("azure") ?? .none
    cluster.stragglers = .init(share: 0.1, factor: 5)
    func lives(_ seed: UInt64) -> [NodeLife] {
      var simulator = ClusterSimulator(cluster, seed: seed)
      _ = simulator.run(ClusterSimulator.Job(tasks: 50)) { _ in .seconds(30) }
      simulator.finish()
      return simulator.takeLives()
    }
    #expect(lives(4) == lives(4))
    #expect(lives(4) != lives(5))
  }

  /// Kept nodes are up when the job begins, and what they were before is not the job's.
  @Test func keptNodesAreUp() {
    var cluster = SimulatedCluster(
      scale: AutoscaleSettings(
        minInstances: 1, maxInstances: 2, idleTimeBeforeScaleDown: .seconds(120)))
    cluster.retry.timeout = .seconds(86_400)
    cluster.startUp = .fixed(100)
    let cell = CellSimulation(
      cell: ClusterCell(mode: .simulated, nodes: 2), cluster: cluster,
      tasks: Array(repeating: TaskWork(rows: 0), count: 4))
    let draw = cell.draw(TaskTimes(overhead: 1000, perRow: 0), seed: 1)
    // One node works from the beginning, the other after 100 s: it begins two tasks, as the first does.
    #expect(draw.makespanSeconds == 2100)
    let states = draw.lives.sorted { $0.node < $1.node }.map { $0.stretches.map(\.state) }
    // The one that has rested longer goes.
    #expect(states == [[.running, .idle, .leaving], [.provisioning, .idle, .running, .idle]])
    #expect(draw.lives.allSatisfy { $0.begin == .zero })
    // A task that nobody's start-up delays.
    var one = cell
    one.tasks = [TaskWork(rows: 0)]
    #expect(one.draw(TaskTimes(overhead: 10, perRow: 0), seed: 1).makespanSeconds == 10)
  }

  /// Jobs that are far enough apart each cost what one costs; closer ones find the nodes of the last.
  @Test func aSeriesIsItsJobs() {
    var cluster = SimulatedCluster(
      scale: AutoscaleSettings(maxInstances: 2, idleTimeBeforeScaleDown: .seconds(120)))
    cluster.startUp = .fixed(100)
    let cell = CellSimulation(
      cell: ClusterCell(mode: .simulated, nodes: 2), cluster: cluster,
      tasks: Array(repeating: TaskWork(rows: 0), count: 4))
    func nodeSeconds(every interval: Int, jobs: Int) -> Double {
      var total = 0.0
      let series = JobSeries(interval: .seconds(interval), span: .seconds(interval * jobs))
      let outcome = series.run(cell, TaskTimes(overhead: 10, perRow: 0), seed: 1) {
        total += ($0.end - $0.begin).seconds
      }
      #expect(outcome.jobs == jobs && outcome.incompleteJobs == 0 && outcome.tasks == 4 * jobs)
      return total
    }
    // 100 s to come up, two tasks of 10 s, 120 s idle, on two nodes.
    #expect(nodeSeconds(every: 3600, jobs: 5) == 5 * 2 * 240)
    // The nodes stay: one life each, to the idle time after the last job, whose nodes are up.
    #expect(nodeSeconds(every: 130, jobs: 2) == 2 * (130 + 20 + 120))
  }
}
