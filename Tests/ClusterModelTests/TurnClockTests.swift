import ClusterModel
import Telemetry
import Testing

/// Which of the time was a job's own.
@Suite struct TurnClockTests {
  static func clock(_ turns: [(Int, Int)]) -> TurnClock {
    var clock = TurnClock()
    for (begin, end) in turns { clock.add(from: .milliseconds(begin), to: .milliseconds(end)) }
    return clock
  }

  @Test(arguments: [
    // Before, at the edges of, within, between and after the turns 10…20, 30…35, 35…40.
    (0, 10, 0.0), (0, 15, 0.005), (10, 20, 0.010), (12, 18, 0.006), (20, 30, 0), (15, 32, 0.007),
    (19, 31, 0.002), (30, 40, 0.010), (0, 1000, 0.020), (40, 1000, 0), (15, 15, 0),
  ])
  func turnsAreCountedAndNothingElse(begin: Int, end: Int, seconds: Double) {
    let clock = Self.clock([(10, 20), (30, 35), (35, 40)])
    #expect(abs(clock.seconds(from: .milliseconds(begin), to: .milliseconds(end)) - seconds) < 1e-12)
  }

  @Test func withoutTurnsAllOfTheTimeIsTheJobsOwn() {
    #expect(TurnClock.undivided.seconds(from: .milliseconds(5), to: .milliseconds(25)) == 0.02)
    #expect(TurnClock().seconds(from: .milliseconds(5), to: .milliseconds(25)) == 0)
  }

  /// The same as counting the milliseconds of which each is in a turn or not.
  @Test(arguments: 0..<20) func itAgreesWithCounting(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var (isOwn, turns, at) = ([Bool](), [(Int, Int)](), 0)
    for _ in 0..<30 {
      let (gap, length) = (random.index(below: 5), random.index(below: 7))
      turns.append((at + gap, at + gap + length))
      isOwn += Array(repeating: false, count: gap) + Array(repeating: true, count: length)
      at += gap + length
    }
    let clock = Self.clock(turns)
    for _ in 0..<50 {
      let begin = random.index(below: isOwn.count)
      let end = begin + random.index(below: isOwn.count - begin)
      let counted = Double(isOwn[begin..<end].count { $0 }) / 1000
      let found = clock.seconds(from: .milliseconds(begin), to: .milliseconds(end))
      #expect(abs(found - counted) < 1e-12, "seed \(seed): \(begin)…\(end)")
    }
  }
}

/// What the model wants to know of a job that wrote down when things happened.
@Suite struct TimedJobTests {
  static let cell = ClusterCell(mode: .measured, nodes: 2)
  static let works = [
    TaskWork(rows: 10, kernels: 1), TaskWork(rows: 20, kernels: 2), TaskWork(rows: 30, kernels: 3),
  ]

  static func task(_ number: Int, worker: Int, _ begin: Int, _ end: Int, work: (Int, Int)? = nil)
    -> TimedJob.Task
  {
    TimedJob.Task(
      number: number, worker: worker, begin: .milliseconds(begin), end: .milliseconds(end),
      work: work.map { .init(begin: .milliseconds($0.0), end: .milliseconds($0.1)) })
  }

  static let job = TimedJob(
    begin: .milliseconds(100), end: .milliseconds(200),
    tasks: [
      task(1, worker: 2, 115, 150, work: (117, 149)), task(0, worker: 1, 110, 140, work: (111, 139)),
      task(2, worker: 1, 140, 190),
    ])

  @Test func withoutTurnsItsTimesAreDifferences() {
    let measured = Self.job.measured(as: Self.cell, Self.works)
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }
    #expect(isNear(measured.makespanSeconds, 0.1) && isNear(measured.beforeSeconds, 0.01))
    #expect(isNear(measured.afterSeconds, 0.01) && isNear(measured.nodeSeconds, 0.2))
    #expect(measured.tasks.map(\.work) == Self.works)
    #expect(measured.tasks.map(\.isFirstOfWorker) == [true, true, false])
    #expect(isNear(measured.tasks[0].busySeconds, 0.028) && isNear(measured.tasks[0].seconds, 0.030))
    // Where the worker does not say, it was at work from one message to the other.
    #expect(isNear(measured.tasks[2].busySeconds, 0.050))
  }

  @Test func whatItStoodStillIsNotItsOwn() {
    var clock = TurnClock()
    clock.add(from: .milliseconds(90), to: .milliseconds(130))
    clock.add(from: .milliseconds(145), to: .milliseconds(300))
    let measured = Self.job.measured(as: Self.cell, Self.works, by: clock)
    #expect(abs(measured.makespanSeconds - 0.085) < 1e-12)
    #expect(abs(measured.tasks[0].busySeconds - 0.019) < 1e-12)
    #expect(abs(measured.tasks[2].seconds - 0.045) < 1e-12)
  }
}
