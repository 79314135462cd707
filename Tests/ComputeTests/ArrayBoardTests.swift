import Compute
import Testing

@Suite struct ArrayBoardTests {
  private func board(_ tasks: Int, retries: Int = 3) -> ArrayBoard {
    ArrayBoard(
      tasks: Array(0..<tasks), retry: RetrySettings(maxRetries: retries, timeout: .seconds(30)))
  }

  private func ok(_ task: Int, _ attempt: Int = 1) -> WorkerReply {
    .succeeded(task: task, attempt: attempt, TaskCounts(items: 1, failedItems: 0))
  }

  private func tasks(_ elements: [ArrayBoard.Element]) -> [[Int]] { elements.map { $0.requests.map(\.task) } }

  @Test func dealsTasksOutInTurn() {
    var board = board(5)
    let elements = board.nextArray(slots: 2, firstWorker: 7)
    #expect(elements.map(\.worker) == [7, 8])
    #expect(tasks(elements) == [[0, 2, 4], [1, 3]])
    for task in [0, 2, 4] { _ = board.handle(ok(task), from: 7, at: .zero) }
    #expect(!board.isFinished)
    for task in [1, 3] { _ = board.handle(ok(task), from: 8, at: .zero) }
    #expect(board.isFinished)
    #expect(
      board.outcome(.finished)
        == ComputeOutcome(ending: .finished, succeeded: 5, failed: 0, retries: 0, notRun: 0))
  }

  @Test func whatACrashedElementWasAtIsTriedAgainAndTheRestWaits() {
    var board = board(3)
    _ = board.nextArray(slots: 1, firstWorker: 1)
    _ = board.started(1, node: 2, at: .zero)
    _ = board.handle(ok(0), from: 1, at: .seconds(1))
    let events = board.ended(1, reason: "Slurm says FAILED", at: .seconds(3))
    #expect(
      events == [
        .workerExited(worker: 1, node: 2, reason: "Slurm says FAILED"),
        .taskRetried(task: 1, attempt: 1, reason: "worker 1: Slurm says FAILED", duration: .seconds(2)),
      ])
    let next = board.nextArray(slots: 4, firstWorker: 2)
    #expect(Set(next.flatMap(\.requests).map { [$0.task, $0.attempt] }) == [[1, 2], [2, 1]])
  }

  @Test func anElementThatNeverRanHasFailedAtNothing() {
    var board = board(2, retries: 0)
    _ = board.nextArray(slots: 2, firstWorker: 1)
    let events = board.ended(1, reason: "Slurm says CANCELLED", at: .seconds(1))
    #expect(events == [.workerExited(worker: 1, node: 1, reason: "Slurm says CANCELLED")])
    #expect(tasks(board.nextArray(slots: 2, firstWorker: 3)) == [[0]])
  }

  @Test func givesUpAfterTheLastRetry() {
    var board = board(1, retries: 1)
    for attempt in 1...2 {
      _ = board.nextArray(slots: 1, firstWorker: attempt)
      _ = board.handle(
        .failed(task: 0, attempt: attempt, reason: "no", retry: true), from: attempt, at: .zero)
    }
    #expect(board.isFinished)
    #expect(
      board.outcome(.finished)
        == ComputeOutcome(ending: .finished, succeeded: 0, failed: 1, retries: 1, notRun: 0))
  }

  @Test func aRequeuedElementAnswersAgainAndCountsOnce() {
    var board = board(2)
    _ = board.nextArray(slots: 1, firstWorker: 1)
    _ = board.handle(ok(0), from: 1, at: .zero)
    for task in [0, 1] { _ = board.handle(ok(task), from: 1, at: .seconds(1)) }
    #expect(board.outcome(.finished).succeeded == 2)
  }

  @Test func theTimeoutCountsFromTheTasksOwnBeginning() {
    var board = board(2)
    _ = board.nextArray(slots: 1, firstWorker: 1)
    #expect(!board.isOverdue(1, at: .seconds(1000)), "waiting in the queue is not counted")
    _ = board.started(1, node: 1, at: .seconds(1000))
    _ = board.handle(ok(0), from: 1, at: .seconds(1020))
    #expect(!board.isOverdue(1, at: .seconds(1040)))
    #expect(board.isOverdue(1, at: .seconds(1051)))
  }

  @Test func anElementThatWaitsAgainIsNotOverdue() {
    var board = board(1)
    _ = board.nextArray(slots: 1, firstWorker: 1)
    #expect(!board.hasStarted(1))
    _ = board.started(1, node: 1, at: .zero)
    #expect(board.hasStarted(1))
    board.requeued(1)
    #expect(!board.hasStarted(1) && !board.isOverdue(1, at: .seconds(1000)))
    #expect(board.started(1, node: 2, at: .seconds(1000)).contains(.workerStarted(worker: 1, node: 2)))
    #expect(board.isOverdue(1, at: .seconds(1051)))
    #expect(board.handle(ok(0), from: 1, at: .seconds(1060)).count == 1 && board.isFinished)
  }
}
