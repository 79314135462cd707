import HTTPLoad
import Testing

/// Which request goes over which connection, told without sockets and without waiting.
@Suite struct RequestBoardTests {
  private static let second: Int64 = 1_000_000_000

  /// A board, and what it has said.
  private struct Bench {
    var board: RequestBoard
    private var number = 0

    /// With its connections open at the time 0.
    init(connections: Int, open: Bool = true) {
      board = RequestBoard(connections: connections, timeout: 5 * RequestBoardTests.second)
      board.sweep(at: 0)
      #expect(actions() == (0..<connections).map { .open($0) })
      if open { for index in 0..<connections { board.opened(index, at: 0) } }
      #expect(actions().isEmpty)
    }

    mutating func actions() -> [RequestBoard.Action] {
      var all: [RequestBoard.Action] = []
      while let action = board.nextAction() { all.append(action) }
      return all
    }

    /// Takes up a request that is due now.
    mutating func take(at now: Int64) {
      board.take(PlannedRequest(number: number, stage: 0, planned: now, taken: now), at: now)
      number += 1
    }

    /// The numbers of the requests that are to be sent, with their connections.
    mutating func sends() -> [[Int]] {
      actions().compactMap { action in
        if case .send(let request, let connection) = action { return [request.number, connection] }
        return nil
      }
    }
  }

  @Test func requestsTakeTheConnectionThatHasBeenFreeForLongest() {
    var bench = Bench(connections: 3)
    for time in 1...3 { bench.take(at: Int64(time)) }
    #expect(bench.sends() == [[0, 0], [1, 1], [2, 2]])
    #expect(bench.board.answered(1, closes: false, at: 4)?.number == 1)
    #expect(bench.board.answered(0, closes: false, at: 5)?.number == 0)
    bench.take(at: 6)
    bench.take(at: 7)
    #expect(bench.sends() == [[3, 1], [4, 0]])
    #expect(bench.board.waits == 0 && bench.board.sent == 3)
  }

  @Test func withoutAFreeConnectionTheyWaitInTheirOrder() {
    var bench = Bench(connections: 1)
    for time in 1...4 { bench.take(at: Int64(time)) }
    #expect(bench.sends() == [[0, 0]])
    #expect(bench.board.backlog == 3 && bench.board.waits == 3)
    for number in 1...3 {
      #expect(bench.board.answered(0, closes: false, at: 10)?.number == number - 1)
      #expect(bench.sends() == [[number, 0]])
    }
    #expect(bench.board.answered(0, closes: false, at: 10)?.hasWaited == true)
    #expect(bench.board.isIdle)
  }

  @Test func aConnectionThatEndsBehindItsAnswerIsOpenedAgain() {
    var bench = Bench(connections: 1)
    bench.take(at: 1)
    bench.take(at: 2)
    _ = bench.actions()
    #expect(bench.board.answered(0, closes: true, at: 3)?.number == 0)
    #expect(bench.actions() == [.close(0), .open(0)])
    bench.board.opened(0, at: 4)
    #expect(bench.sends() == [[1, 0]])
    #expect(bench.board.reopened == 1)
  }

  @Test func aRequestOverAConnectionThatWasJustClosedIsSentAgainOnce() {
    var bench = Bench(connections: 1)
    bench.take(at: 1)
    #expect(bench.board.answered(0, closes: false, at: 2)?.number == 0)
    bench.take(at: 3)
    bench.take(at: 4)
    _ = bench.actions()
    bench.board.broke(0, hasBegun: false, at: 5)
    #expect(bench.actions() == [.close(0), .open(0)])
    #expect(bench.board.resends == 1)
    bench.board.opened(0, at: 6)
    // Before the one that waits.
    #expect(bench.sends() == [[1, 0]])
    bench.board.broke(0, hasBegun: false, at: 7)
    let actions = bench.actions()
    guard case .fail(let request, .connection)? = actions.first else {
      Issue.record("\(actions)")
      return
    }
    #expect(request.number == 1 && request.isResent && bench.board.resends == 1)
  }

  @Test func whatMayHaveBeenAnsweredIsNotSentAgain() {
    for (hasBegun, hasAnswered) in [(true, true), (false, false), (true, false)] {
      var bench = Bench(connections: 1)
      if hasAnswered {
        bench.take(at: 1)
        _ = bench.board.answered(0, closes: false, at: 2)
      }
      bench.take(at: 3)
      _ = bench.actions()
      bench.board.broke(0, hasBegun: hasBegun, at: 4)
      guard case .fail(_, .connection)? = bench.actions().first else {
        Issue.record("begun \(hasBegun), answered before \(hasAnswered)")
        continue
      }
      #expect(bench.board.resends == 0)
    }
  }

  @Test func aConnectionThatLayIdleMayHaveBeenClosedToo() {
    var bench = Bench(connections: 1)
    bench.take(at: 2 * Self.second)
    _ = bench.actions()
    bench.board.broke(0, hasBegun: false, at: 2 * Self.second + 1)
    #expect(bench.board.resends == 1)
  }

  /// Else, while there are too many requests, each would be sent when its time is nearly up.
  @Test func aRequestThatWaitedHasItsWholeTimeForTheAnswer() {
    var bench = Bench(connections: 1)
    bench.take(at: 0)
    bench.take(at: Self.second)
    #expect(bench.board.answered(0, closes: false, at: 4 * Self.second)?.number == 0)
    _ = bench.actions()
    bench.board.sweep(at: 9 * Self.second - 1)
    #expect(bench.actions().isEmpty)
    bench.board.sweep(at: 9 * Self.second)
    guard case .fail(let request, .timeout)? = bench.actions().first else {
      Issue.record("its time is not up")
      return
    }
    #expect(request.number == 1)
  }

  @Test func theWaitForAConnectionCountsFromThePlannedSend() {
    var bench = Bench(connections: 1)
    bench.take(at: 0)
    bench.take(at: Self.second)
    _ = bench.actions()
    bench.board.sweep(at: 5 * Self.second - 1)
    #expect(bench.actions().isEmpty)
    bench.board.sweep(at: 5 * Self.second)
    var actions = bench.actions()
    guard case .fail(let first, .timeout)? = actions.first else {
      Issue.record("\(actions)")
      return
    }
    // What its connection may still bring must not be taken for the next answer.
    #expect(first.number == 0 && first.wasSent && actions.dropFirst() == [.close(0)])
    bench.board.sweep(at: 6 * Self.second)
    actions = bench.actions()
    // Nobody could have sent the second: no connection was open.
    guard actions.count == 2, case .fail(let second, .connection) = actions[0] else {
      Issue.record("\(actions)")
      return
    }
    #expect(second.number == 1 && !second.wasSent && actions[1] == .open(0))
    #expect(bench.board.isIdle)
  }

  @Test func whatCannotBeOpenedIsLeftAloneForAWhile() {
    var bench = Bench(connections: 2, open: false)
    bench.board.opened(0, at: 0)
    bench.board.openingFailed(1, at: 0)
    #expect(bench.actions() == [.close(1)])
    bench.board.sweep(at: 50_000_000)
    #expect(bench.actions().isEmpty)
    bench.board.sweep(at: 100_000_000)
    #expect(bench.actions() == [.open(1)])
    // One that is closed before it carried anything, likewise.
    bench.board.opened(1, at: 100_000_001)
    bench.board.broke(1, hasBegun: false, at: 100_000_002)
    #expect(bench.actions() == [.close(1)])
    bench.board.sweep(at: 150_000_000)
    #expect(bench.actions().isEmpty)
  }

  @Test func whatIsToldOfAConnectionThatIsGoneChangesNothing() {
    var bench = Bench(connections: 1)
    #expect(bench.board.answered(0, closes: false, at: 1) == nil)
    bench.take(at: 1)
    _ = bench.actions()
    bench.board.broke(0, hasBegun: true, at: 2)
    _ = bench.actions()
    bench.board.broke(0, hasBegun: true, at: 3)
    #expect(bench.actions().isEmpty)
    #expect(bench.board.open == 0 && bench.board.sent == 0)
  }

  @Test func aLoadThatIsStoppedLetsGoOfAllRequests() {
    var bench = Bench(connections: 1)
    for time in 1...3 { bench.take(at: Int64(time)) }
    _ = bench.actions()
    #expect(bench.board.abandon().map(\.number).sorted() == [0, 1, 2])
    #expect(bench.board.isIdle && bench.actions() == [.close(0)])
  }

  @Test func manyConnectionsAreOpenedAFewAtATime() {
    var board = RequestBoard(connections: 1000, timeout: Self.second)
    board.sweep(at: 0)
    var opening: [Int] = []
    func collect() {
      while let action = board.nextAction() { if case .open(let index) = action { opening.append(index) } }
    }
    collect()
    #expect(opening.count < 100)
    while let index = opening.popLast() {
      board.opened(index, at: 1)
      collect()
      #expect(opening.count < 100)
    }
    #expect(board.open == 1000)
  }
}
