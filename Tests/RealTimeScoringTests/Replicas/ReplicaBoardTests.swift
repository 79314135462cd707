import RealTimeScoring
import Supervision
import Telemetry
import Testing

/// What is done with replicas, without any.
@Suite struct ReplicaBoardTests {
  private static let crash = ReplicaEnd.exit(.killed(signal: 9))
  private static let leave = ReplicaEnd.exit(.exited(code: 0))

  private func limits() -> ReplicaBoard.Limits {
    var limits = ReplicaBoard.Limits()
    limits.start = .seconds(100)
    limits.drain = .seconds(30)
    limits.exit = .seconds(15)
    limits.down = .seconds(60)
    return limits
  }

  /// A board with `count` replicas that are ready since the time 0.
  private func board(_ count: Int, most: Int = 4) -> ReplicaBoard {
    var board = ReplicaBoard(wanted: count, most: most, limits: limits())
    _ = board.handle(.tick, at: .zero)
    for replica in 1...count { _ = board.handle(.answered(replica), at: .zero) }
    return board
  }

  /// Without what is for the record.
  private func done(_ actions: [ReplicaBoard.Action]) -> [ReplicaBoard.Action] {
    actions.filter { if case .changed = $0 { false } else { true } }
  }

  private func states(_ actions: [ReplicaBoard.Action]) -> [ReplicaState] {
    actions.compactMap { if case .changed(let transition) = $0 { transition.state } else { nil } }
  }

  @Test func aReplicaGetsRequestsWhenItAnswers() {
    var board = ReplicaBoard(wanted: 2, most: 3, limits: limits())
    #expect(done(board.handle(.tick, at: .zero)) == [.start(1), .start(2)])
    #expect(board.states == [1: .starting, 2: .starting])
    #expect(done(board.handle(.answered(2), at: .seconds(1))) == [.slot(2, .ready)])
    #expect(board.states == [1: .starting, 2: .ready])
    // Once is enough.
    #expect(board.handle(.answered(2), at: .seconds(2)).isEmpty)
  }

  @Test func oneTooManyIsDrainedBeforeItEnds() {
    var board = board(3)
    #expect(done(board.handle(.wanted(2), at: .seconds(1))) == [.slot(3, .drain)])
    #expect(board.handle(.observed([3: .init(requests: 1, isUp: false)]), at: .seconds(2)).isEmpty)
    #expect(
      done(board.handle(.observed([3: .init(requests: 0, isUp: false)]), at: .seconds(3)))
        == [.slot(3, .maint), .terminate(3)])
    let end = board.handle(.ended(3, Self.leave), at: .seconds(4))
    #expect(states(end) == [.gone] && done(end).isEmpty)
    #expect(board.states == [1: .ready, 2: .ready] && board.restarts == 0)
  }

  @Test func requestsOfOthersDoNotEndWhatDoesNotDrain() {
    var board = board(2)
    let idle = ReplicaBoard.Observation(requests: 0, isUp: true)
    #expect(board.handle(.observed([1: idle, 2: idle, 3: idle]), at: .seconds(1)).isEmpty)
  }

  @Test func drainingHasAnEnd() {
    var board = board(2)
    _ = board.handle(.wanted(1), at: .seconds(1))
    let busy = [2: ReplicaBoard.Observation(requests: 5, isUp: false)]
    #expect(board.handle(.observed(busy), at: .seconds(30)).isEmpty)
    #expect(done(board.handle(.observed(busy), at: .seconds(31))) == [.slot(2, .maint), .terminate(2)])
    #expect(board.handle(.tick, at: .seconds(45)).isEmpty)
    #expect(done(board.handle(.tick, at: .seconds(46))) == [.kill(2)])
    #expect(states(board.handle(.ended(2, Self.crash), at: .seconds(47))) == [.killed])
    #expect(board.states == [1: .ready])
  }

  @Test func oneThatDrainsGoesOnWhereItIsWantedAgain() {
    var board = board(2)
    _ = board.handle(.wanted(1), at: .seconds(1))
    #expect(done(board.handle(.wanted(3), at: .seconds(2))) == [.slot(2, .ready), .start(3)])
    #expect(board.states == [1: .ready, 2: .ready, 3: .starting])
  }

  @Test func thoseThatServeNobodyYetGoFirst() {
    var board = board(2)
    _ = board.handle(.wanted(4), at: .seconds(1))
    _ = board.handle(.ended(1, Self.crash), at: .seconds(2))
    // 1 starts again, 3 and 4 start, 2 is ready.
    #expect(
      done(board.handle(.wanted(1), at: .seconds(3))).compactMap {
        if case .terminate(let one) = $0 { one } else { nil }
      } == [4, 3, 1])
    #expect(board.states[2] == .ready)
  }

  @Test func oneThatEndsIsStartedAgainLaterAndLater() {
    var board = board(1)
    var now = Duration.seconds(1)
    var waits: [Duration] = []
    for round in 0..<9 {
      let actions = board.handle(.ended(1, Self.crash), at: now)
      #expect(states(actions).first == .killed)
      #expect(done(actions).first == (round == 0 ? .slot(1, .maint) : done(actions).first))
      let ended = now
      while board.states[1] == nil {
        now += .milliseconds(50)
        _ = board.handle(.tick, at: now)
      }
      waits.append(now - ended)
    }
    // The first time at once; then 0.2 s, twice as long each time, and ten seconds at most.
    #expect(waits == [0, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
    #expect(board.restarts == 9)
    // Having been ready for half a minute, it has the first wait again.
    _ = board.handle(.answered(1), at: now)
    _ = board.handle(.ended(1, Self.crash), at: now + .seconds(29))
    #expect(board.states[1] == nil)
    _ = board.handle(.tick, at: now + .seconds(60))
    _ = board.handle(.answered(1), at: now + .seconds(60))
    _ = board.handle(.ended(1, Self.crash), at: now + .seconds(90))
    #expect(board.states[1] == .starting)
  }

  @Test func oneThatWaitsIsForgottenWhereItIsNotWanted() {
    var board = board(2)
    for second in 1...2 { _ = board.handle(.ended(2, Self.crash), at: .seconds(second)) }
    #expect(board.states == [1: .ready])
    #expect(done(board.handle(.wanted(1), at: .seconds(2))).isEmpty)
    #expect(board.handle(.tick, at: .seconds(60)).isEmpty)
  }

  @Test func oneThatCannotBeStartedCountsAsAFailure() {
    var board = ReplicaBoard(wanted: 1, most: 1, limits: limits())
    _ = board.handle(.tick, at: .zero)
    let actions = board.handle(.ended(1, .notStarted(reason: "no program")), at: .zero)
    #expect(states(actions) == [.gone, .starting])
    #expect(board.failures == [1: 1])
  }

  @Test func oneThatIsNeverReadyIsKilledAndStartedAgain() {
    var board = ReplicaBoard(wanted: 1, most: 1, limits: limits())
    _ = board.handle(.tick, at: .zero)
    #expect(board.handle(.tick, at: .seconds(99)).isEmpty)
    #expect(board.handle(.tick, at: .seconds(100)) == [.kill(1)])
    // An answer that comes too late changes nothing.
    #expect(board.handle(.answered(1), at: .seconds(101)).isEmpty)
    let actions = board.handle(.ended(1, Self.crash), at: .seconds(102))
    #expect(states(actions) == [.killed, .starting] && done(actions) == [.start(1)])
  }

  @Test func oneThatHangsIsKilledAfterAMinute() {
    var board = board(2)
    func see(_ isUp: Bool, at second: Int) -> [ReplicaBoard.Action] {
      done(board.handle(.observed([1: .init(requests: 1, isUp: isUp)]), at: .seconds(second)))
    }
    #expect(see(false, at: 1).isEmpty)
    #expect(see(false, at: 60).isEmpty)
    // It has answered in between, and so the minute begins again.
    #expect(see(true, at: 60).isEmpty)
    #expect(see(false, at: 61).isEmpty)
    #expect(see(false, at: 120).isEmpty)
    #expect(see(false, at: 121) == [.slot(1, .maint), .kill(1)])
    #expect(done(board.handle(.ended(1, Self.crash), at: .seconds(122))) == [.start(1)])
  }

  @Test func stoppingEndsAllAndStartsNone() {
    var board = board(3, most: 5)
    _ = board.handle(.wanted(5), at: .seconds(1))
    _ = board.handle(.ended(1, Self.crash), at: .seconds(2))
    _ = board.handle(.answered(1), at: .seconds(2))
    _ = board.handle(.close, at: .seconds(3))
    // It is not started again any more.
    #expect(states(board.handle(.ended(1, Self.crash), at: .seconds(4))) == [.killed])
    #expect(!done(board.handle(.tick, at: .seconds(50))).contains(.start(1)))
    let actions = done(board.handle(.stop, at: .seconds(60)))
    #expect(
      actions.filter { if case .terminate = $0 { true } else { false } } == (2...5).map { .terminate($0) })
    for replica in 2...4 { _ = board.handle(.ended(replica, Self.leave), at: .seconds(61)) }
    #expect(!board.isEmpty)
    #expect(board.handle(.tick, at: .seconds(75)) == [.kill(5)])
    _ = board.handle(.ended(5, Self.crash), at: .seconds(76))
    #expect(board.isEmpty && board.handle(.tick, at: .seconds(200)).isEmpty)
  }

  /// Whatever happens, no more processes are there than slots, none is started twice, and those that are wanted are there in the end.
  @Test(arguments: 1...40) func whateverHappensTheWantedOnesAreThere(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed), stream: "board/course")
    var board = ReplicaBoard(wanted: 1, most: 5, limits: limits())
    var running: Set<Int> = []
    var now = Duration.zero
    func apply(_ actions: [ReplicaBoard.Action]) {
      for case .start(let replica) in actions { #expect(running.insert(replica).inserted, "seed \(seed)") }
    }
    func step(_ event: ReplicaBoard.Event) {
      if case .ended(let replica, _) = event { running.remove(replica) }
      apply(board.handle(event, at: now))
      #expect(Set(board.states.keys) == running, "seed \(seed)")
    }
    for _ in 0..<400 {
      now += .milliseconds(Int.random(in: 0...20_000, using: &generator))
      let one = running.sorted().randomElement(using: &generator)
      switch (Int.random(in: 0..<5, using: &generator), one) {
      case (0, _): step(.wanted(Int.random(in: 1...5, using: &generator)))
      case (1, let one?): step(.answered(one))
      case (2, let one?): step(.ended(one, Bool.random(using: &generator) ? Self.crash : Self.leave))
      case (3, let one?): step(.observed([one: .init(requests: 0, isUp: true)]))
      default: step(.tick)
      }
    }
    // Nothing happens any more but that those that start answer, and those that were told to end do so.
    for _ in 0..<20 {
      now += .seconds(20)
      for replica in running.sorted() {
        switch board.states[replica] {
        case .starting: step(.answered(replica))
        case .draining:
          step(.observed([replica: .init(requests: 0, isUp: false)]))
          step(.ended(replica, Self.leave))
        default: break
        }
      }
      step(.tick)
    }
    #expect(
      board.states.values.count { $0 == .ready } == board.wanted && running.count == board.wanted,
      "seed \(seed)")
  }
}
