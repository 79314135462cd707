import ClusterModel
import Telemetry
import Testing

/// The fit on data that is made from known parameters, and the gate on rounds that are made from a known model.
@Suite struct TaskTimesFitTests {
  /// Rounds as a machine with these parameters would give them.
  struct Machine {
    var times: TaskTimes
    /// How much single tasks differ, and whole rounds, as standard deviations of shares.
    var taskNoise = 0.0
    var roundNoise = 0.0
    /// How much what is measured differs from the model, as a factor on every job's length but the reference's.
    var surprise = 1.0
    var random: SeededGenerator

    init(_ times: TaskTimes, seed: UInt64) {
      self.times = times
      random = SeededGenerator(seed: seed, stream: "machine")
    }

    /// A number about 0 with this deviation: the sum of twelve even ones.
    mutating func normal(_ deviation: Double) -> Double {
      deviation * ((0..<12).reduce(0.0) { sum, _ in sum + random.uniform() } - 6)
    }

    static func tasks(_ cell: ClusterCell) -> [TaskWork] {
      let size = Int(cell.miniBatchSize) ?? 20
      return stride(from: 0, to: 240, by: size).map { start in
        let devices = start..<min(240, start + size)
        let rows = devices.count * 1000
        return TaskWork(rows: rows, kernels: devices.reduce(0) { $0 + 1000 * Double(50 + $1 % 7 * 30) })
      }
    }

    static func simulation(_ cell: ClusterCell) -> CellSimulation {
      var cluster = SimulatedCluster(scale: .fixed(cell.nodes), coresPerNode: cell.coresPerNode)
      cluster.retry.timeout = .seconds(86_400)
      return CellSimulation(cell: cell, cluster: cluster, tasks: tasks(cell))
    }

    mutating func job(_ cell: ClusterCell, factor: Double) -> MeasuredJob {
      let works = Self.tasks(cell)
      let workers = min(works.count, cell.nodes)
      var seen: Set<Int> = []
      var free = [Double](repeating: 0, count: workers)
      var tasks: [MeasuredJob.Task] = []
      for work in works {
        let worker = free.indices.min { (free[$0], $0) < (free[$1], $1) } ?? 0
        let isFirst = seen.insert(worker).inserted
        let busy =
          times.seconds(work, isFirst: isFirst) * times.contention(workers) * factor * (1 + normal(taskNoise))
        let handOver = times.handOver * times.contention(workers)
        tasks.append(
          .init(work: work, busySeconds: busy, seconds: busy + handOver, isFirstOfWorker: isFirst))
        free[worker] += busy + handOver
      }
      let after = (times.after + times.serialPerTask * Double(works.count)) * factor
      let makespan = times.before * factor + (free.max() ?? 0) + after
      return MeasuredJob(
        cell: cell, makespanSeconds: makespan, beforeSeconds: times.before * factor, afterSeconds: after,
        tasks: tasks)
    }

    mutating func rounds(_ count: Int) -> [MeasuredRound] {
      (0..<count).map { _ in
        let factor = 1 + normal(roundNoise)
        let reference = job(TaskTimesFitTests.cell(1, "auto"), factor: factor)
        return MeasuredRound(
          reference: reference, probes: [2: reference.busySeconds * times.contention(2)],
          jobs: [1, 2].flatMap { nodes in
            ["auto", "10", "60"].map {
              job(TaskTimesFitTests.cell(nodes, $0), factor: factor * (nodes == 2 ? surprise : 1))
            }
          })
      }
    }
  }

  static func cell(_ nodes: Int, _ batch: String) -> ClusterCell {
    var cell = ClusterCell(mode: .measured, nodes: nodes)
    cell.miniBatchSize = batch
    return cell
  }

  static var known: TaskTimes {
    var times = TaskTimes(overhead: 0.004, perRow: 2e-6, perKernel: 3e-9)
    (times.firstTask, times.handOver, times.before, times.after) = (0.02, 0.0005, 0.05, 0.03)
    times.serialPerTask = 0.0002
    times.slowdown = [1, 1.35]
    return times
  }

  @Test func parametersThatMadeTheDataAreFound() {
    var machine = Machine(Self.known, seed: 1)
    let found = TaskTimesFit.fit(machine.rounds(3).atUsualSpeed())
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * abs(b) + 1e-12 }
    #expect(isNear(found.overhead, 0.004) && isNear(found.perRow, 2e-6) && isNear(found.perKernel, 3e-9))
    #expect(isNear(found.firstTask, 0.02) && isNear(found.handOver, 0.0005) && isNear(found.before, 0.05))
    #expect(isNear(found.after, 0.03) && isNear(found.serialPerTask, 0.0002))
    #expect(found.slowdown.count == 2 && isNear(found.slowdown[1], 1.35))
    #expect(found.ratios.allSatisfy { isNear($0, 1) })
  }

  @Test(arguments: 0..<10) func noiseMovesTheFitALittle(seed: Int) {
    var machine = Machine(Self.known, seed: UInt64(seed))
    machine.taskNoise = 0.05
    let found = TaskTimesFit.fit(machine.rounds(5).atUsualSpeed())
    let work = TaskWork(rows: 20_000, kernels: 2_800_000)
    let ratio = found.seconds(work) / Self.known.seconds(work)
    #expect(abs(ratio - 1) < 0.06, "seed \(seed): \(ratio)")
  }

  @Test func unknownsAreNotNegative() {
    // The best line through these falls: what a row costs is then nothing.
    let found = NonNegativeLeastSquares.solve(
      rows: [[1, 1], [1, 2], [1, 3]], values: [3, 2, 1], weights: [1, 1, 1])
    #expect(abs(found[0] - 2) < 1e-12 && found[1] == 0)
    #expect(NonNegativeLeastSquares.solve(rows: [], values: [], weights: []).isEmpty)
  }

  /// Against every solution on a grid: none is better.
  @Test(arguments: 0..<20) func noGridPointIsBetter(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed), stream: "nnls")
    let rows = (0..<8).map { _ in (0..<3).map { _ in random.uniform(in: 0...1) } }
    let values = (0..<8).map { _ in random.uniform(in: -1...2) }
    let weights = (0..<8).map { _ in random.uniform(in: 0.1...1) }
    func loss(_ x: [Double]) -> Double {
      zip(zip(rows, values), weights).reduce(0) { sum, entry in
        let ((row, value), weight) = entry
        let rest = zip(row, x).reduce(-value) { $0 + $1.0 * $1.1 }
        return sum + weight * rest * rest
      }
    }
    let found = NonNegativeLeastSquares.solve(rows: rows, values: values, weights: weights)
    let least = loss(found)
    #expect(found.allSatisfy { $0 >= 0 })
    let grid = stride(from: 0.0, through: 3, by: 0.15)
    for a in grid {
      for b in grid { for c in grid { #expect(loss([a, b, c]) >= least - 1e-9, "seed \(seed)") } }
    }
  }

  // MARK: - The gate

  private func calibration(_ rounds: [MeasuredRound], damage: Double = 1) -> Calibration {
    Calibration(
      rounds, isHeldOut: { $0.nodes == 2 || $0.miniBatchSize == "60" }, seed: 3, damage: damage,
      simulation: Machine.simulation)
  }

  @Test(arguments: 0..<5) func aModelThatIsRightPasses(seed: Int) {
    var machine = Machine(Self.known, seed: UInt64(seed))
    machine.taskNoise = 0.02
    machine.roundNoise = 0.1
    let found = calibration(machine.rounds(8))
    #expect(found.outcome(otherProcessors: 0) == .passed, "seed \(seed): \(found.heldOut)")
    #expect(found.heldOut.count == 4 && (found.worstError ?? 1) < 0.03, "seed \(seed)")
  }

  @Test(arguments: [0.85, 1.15]) func aModelThatIsDamagedBy15PercentFails(damage: Double) {
    var machine = Machine(Self.known, seed: 5)
    machine.taskNoise = 0.02
    machine.roundNoise = 0.1
    guard
      case .failed(let reason) = calibration(machine.rounds(8), damage: damage).outcome(otherProcessors: 0)
    else {
      Issue.record("a model that is wrong by 15% passed")
      return
    }
    #expect(reason.contains("mini_batch_size") && reason.contains("% at"), "\(reason)")
  }

  @Test func aMachineThatBehavesOtherwiseFailsTheModel() {
    var machine = Machine(Self.known, seed: 6)
    machine.surprise = 1.12
    let outcome = calibration(machine.rounds(6)).outcome(otherProcessors: 0)
    guard case .failed = outcome else {
      Issue.record("two nodes took 12% longer than the model says, and it passed: \(outcome)")
      return
    }
  }

  @Test func whatIsTooUncertainNeitherPassesNorFails() {
    var machine = Machine(Self.known, seed: 7)
    machine.taskNoise = 0.4
    let found = calibration(machine.rounds(3), damage: 1.5)
    #expect(found.isUncertain)
    guard case .invalid(let reason) = found.outcome(otherProcessors: 0) else {
      Issue.record("an error that is known to ±\(found.halfWidth ?? 0) was judged")
      return
    }
    #expect(reason.contains("3 rounds"))
  }

  /// Without noise at all: how far apart rounds are is not known from a few.
  @Test(arguments: [(1, true), (5, true), (6, false)]) func fewRoundsAreNeverEnough(
    rounds: Int, isUncertain: Bool
  ) {
    var machine = Machine(Self.known, seed: 9)
    let found = calibration(machine.rounds(rounds))
    #expect(found.isUncertain == isUncertain)
    #expect((found.outcome(otherProcessors: 0) == .passed) == !isUncertain)
  }

  @Test func besideOtherWorkNothingIsSaid() {
    var machine = Machine(Self.known, seed: 8)
    let found = calibration(machine.rounds(3), damage: 1.15)
    guard case .invalid = found.outcome(otherProcessors: 0.5) else {
      Issue.record("a sweep beside other programs was judged")
      return
    }
    #expect(found.outcome(otherProcessors: 0.1) != .passed)
  }
}

/// The mean of the middle half.
@Suite struct InterquartileMeanTests {
  @Test(
    arguments: [
      ([], 0.0), ([3], 3), ([1, 3], 2), ([1, 2, 9], 3), ([1, 2, 4, 100], 3), ([0, 2, 3, 4, 1000], 3),
      ([8, 1, 2, 7, 3, 6, 4, -50], 3.75),
    ] as [([Double], Double)])
  func itIsTheMeanOfTheMiddleHalf(values: [Double], mean: Double) {
    #expect(abs(values.interquartileMean - mean) < 1e-12)
    #expect(abs(values.reversed().interquartileMean - mean) < 1e-12)
  }
}
