import Compute
import Telemetry
import Testing

@Suite struct TaskBoardTests {
  private func job(_ count: Int, retries: Int = 3) -> ComputeJob {
    ComputeJob(
      name: "test", input: "in", worker: WorkerCommand(executable: "/bin/true"), tasks: Array(0..<count),
      retry: RetrySettings(maxRetries: retries, timeout: .seconds(30)))
  }

  private func assignments(_ actions: [TaskBoard.Action]) -> [[Int]] {
    actions.compactMap {
      if case .assign(let worker, let task, let attempt) = $0 { [worker, task, attempt] } else { nil }
    }
  }

  private func ok(_ worker: Int, _ task: Int, _ attempt: Int = 1) -> TaskBoard.Event {
    .workerReplied(
      worker: worker, .succeeded(task: task, attempt: attempt, TaskCounts(items: 1, failedItems: 0)))
  }

  private func failure(_ worker: Int, _ task: Int, _ attempt: Int = 1, retry: Bool = true) -> TaskBoard.Event
  {
    .workerReplied(worker: worker, .failed(task: task, attempt: attempt, reason: "no", retry: retry))
  }

  @Test func givesEveryTaskOnceAndFinishes() {
    var board = TaskBoard(job: job(3), nodes: 2, coresPerNode: 1)
    var given = assignments(board.begin(at: .zero))
    #expect(given.isEmpty, "no worker is ready yet")
    for worker in 1...2 {
      given += assignments(board.handle(.workerReplied(worker: worker, .ready), at: .zero))
    }
    #expect(given == [[1, 0, 1], [2, 1, 1]])
    #expect(assignments(board.handle(ok(1, 0), at: .seconds(1))) == [[1, 2, 1]])
    #expect(assignments(board.handle(ok(2, 1), at: .seconds(1))).isEmpty)
    #expect(!board.isFinished)
    _ = board.handle(ok(1, 2), at: .seconds(2))
    #expect(board.isFinished)
    #expect(
      board.outcome == ComputeOutcome(ending: .finished, succeeded: 3, failed: 0, retries: 0, notRun: 0))
    #expect(board.warmWorkers.map(\.worker) == [1, 2])
  }

  @Test func startsNoMoreWorkersThanTasks() {
    var board = TaskBoard(job: job(1), nodes: 4, coresPerNode: 2)
    let starts = board.begin(at: .zero).filter { if case .startWorker = $0 { true } else { false } }
    #expect(starts.count == 1)
  }

  @Test func aFailedTaskGoesToAnotherWorker() {
    var board = TaskBoard(job: job(1), nodes: 2, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    let actions = board.handle(failure(1, 0), at: .zero)
    #expect(assignments(actions).isEmpty)
    #expect(actions.contains(.startWorker(worker: 2, slot: 1)))
    #expect(assignments(board.handle(.workerReplied(worker: 2, .ready), at: .zero)) == [[2, 0, 2]])
  }

  @Test func aLoneWorkerTriesAgainItself() {
    var board = TaskBoard(job: job(1), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    #expect(assignments(board.handle(failure(1, 0), at: .zero)) == [[1, 0, 2]])
  }

  @Test func givesUpAfterTheLastRetry() {
    var board = TaskBoard(job: job(1, retries: 2), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    for attempt in 1...3 { _ = board.handle(failure(1, 0, attempt), at: .zero) }
    #expect(board.isFinished)
    #expect(
      board.outcome == ComputeOutcome(ending: .finished, succeeded: 0, failed: 1, retries: 2, notRun: 0))
  }

  @Test func aFailureThatCannotEndDifferentlyIsNotRetried() {
    var board = TaskBoard(job: job(1), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    _ = board.handle(failure(1, 0, retry: false), at: .zero)
    #expect(board.outcome.failed == 1)
    #expect(board.outcome.retries == 0)
  }

  @Test func aHungWorkerIsKilledAndItsTaskGoesToAFreshOne() {
    var board = TaskBoard(job: job(1), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    #expect(board.handle(.tick, at: .seconds(30)).isEmpty)
    #expect(board.handle(.tick, at: .seconds(31)) == [.kill(worker: 1)])
    #expect(board.handle(.tick, at: .seconds(32)).isEmpty, "killed once only")
    #expect(board.handle(ok(1, 0), at: .seconds(32)).isEmpty, "an answer after the kill does not count")
    let actions = board.handle(.workerExited(worker: 1, reason: "was ended"), at: .seconds(33))
    #expect(actions.contains(.startWorker(worker: 2, slot: 0)))
    #expect(assignments(board.handle(.workerReplied(worker: 2, .ready), at: .seconds(33))) == [[2, 0, 2]])
  }

  /// A machine that is too busy to see a worker's end in time, or an end in the middle of a line, must not hide how it ended.
  @Test func theReasonOfAKilledWorkersTaskSaysHowTheWorkerEnded() {
    func reason(_ event: TaskBoard.Event, at now: Duration, _ end: String) -> String? {
      var board = TaskBoard(job: job(1), nodes: 1, coresPerNode: 1)
      _ = board.begin(at: .zero)
      _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
      #expect(board.handle(event, at: now) == [.kill(worker: 1)])
      let actions = board.handle(.workerExited(worker: 1, reason: end), at: now)
      return actions.compactMap {
        if case .report(.taskRetried(_, _, let reason, _)) = $0 { reason } else { nil }
      }.first
    }
    #expect(
      reason(.tick, at: .seconds(31), "exited with code 3")
        == "worker 1 gave no answer within 30 s; it exited with code 3")
    #expect(
      reason(.unexpectedOutput(worker: 1, text: "{\"st"), at: .zero, "was ended by signal 11")
        == "worker 1 wrote “{\"st” where a reply was expected; it was ended by signal 11")
  }

  @Test func workersThatNeverStartEndTheJob() {
    var board = TaskBoard(job: job(5), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    for worker in 1...3 {
      _ = board.handle(.workerExited(worker: worker, reason: "exited with code 127"), at: .zero)
    }
    #expect(board.isFinished)
    guard case .gaveUp(let reason) = board.outcome.ending else {
      Issue.record("the board went on")
      return
    }
    #expect(reason.contains("code 127"))
    #expect(board.outcome.notRun == 5)
  }

  /// Ten thousand tasks, one attempt in fifty failing at random by an answer, a crash or a hang.
  @Test func everyOneOfTenThousandTasksIsDoneOrReported() {
    let seed: UInt64 = 42
    var random = SeededGenerator(seed: seed, stream: "task-board")
    var board = TaskBoard(job: job(10_000), nodes: 4, coresPerNode: 1)
    var now = Duration.zero
    var done: [Int: Int] = [:]
    var reported = 0
    var pending = board.begin(at: now)
    var steps = 0
    while !board.isFinished, steps < 100_000 {
      steps += 1
      now += .milliseconds(1)
      let actions = pending
      pending = []
      for action in actions {
        switch action {
        case .startWorker(let worker, _):
          pending += board.handle(.workerReplied(worker: worker, .ready), at: now)
        case .kill(let worker), .finish(let worker):
          pending += board.handle(.workerExited(worker: worker, reason: "was ended"), at: now)
        case .assign(let worker, let task, let attempt):
          switch random.uniform(in: 0...150) {
          case ..<1: pending += board.handle(failure(worker, task, attempt), at: now)
          case ..<2: pending += board.handle(.workerExited(worker: worker, reason: "crashed"), at: now)
          case ..<3:
            now += .seconds(31)
            pending += board.handle(.tick, at: now)
          default: pending += board.handle(ok(worker, task, attempt), at: now)
          }
        case .report(.taskSucceeded(let task, _, _, _)): done[task, default: 0] += 1
        case .report(.taskRetried), .report(.taskFailed): reported += 1
        case .report, .provision, .changed: break
        }
      }
    }
    for case .report(.taskSucceeded(let task, _, _, _)) in pending { done[task, default: 0] += 1 }
    for action in pending {
      switch action {
      case .report(.taskRetried), .report(.taskFailed): reported += 1
      default: break
      }
    }
    let outcome = board.outcome
    #expect(board.isFinished, "seed \(seed)")
    #expect(outcome.succeeded + outcome.failed == 10_000 && outcome.notRun == 0, "seed \(seed)")
    #expect(done.count == outcome.succeeded && done.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    #expect(reported == outcome.retries + outcome.failed && outcome.retries > 100, "seed \(seed)")
    #expect(board.warmWorkers.count <= 4)
  }

  @Test func cancelKillsTheRunningTaskAndNothingIsTriedAgain() {
    var board = TaskBoard(job: job(10), nodes: 2, coresPerNode: 1)
    _ = board.begin(at: .zero)
    for worker in 1...2 { _ = board.handle(.workerReplied(worker: worker, .ready), at: .zero) }
    _ = board.handle(ok(1, 0), at: .zero)
    #expect(board.handle(.cancel, at: .zero) == [.kill(worker: 1), .kill(worker: 2)])
    #expect(!board.isFinished, "their end is waited for: nobody writes after a cancel")
    #expect(board.handle(ok(1, 2), at: .zero).isEmpty, "an answer after the kill does not count")
    for worker in 1...2 {
      let actions = board.handle(.workerExited(worker: worker, reason: "was ended"), at: .zero)
      #expect(actions == [.report(.workerExited(worker: worker, node: worker, reason: "was ended"))])
    }
    #expect(board.isFinished)
    #expect(
      board.outcome == ComputeOutcome(ending: .canceled, succeeded: 1, failed: 0, retries: 0, notRun: 9))
  }

  @Test func stopLetsTheRunningTaskFinish() {
    var board = TaskBoard(job: job(10), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    #expect(board.handle(.stop, at: .zero).isEmpty)
    #expect(!board.isFinished)
    #expect(assignments(board.handle(ok(1, 0), at: .zero)).isEmpty)
    #expect(board.isFinished)
    #expect(board.outcome == ComputeOutcome(ending: .stopped, succeeded: 1, failed: 0, retries: 0, notRun: 9))
  }

  @Test func aTaskThatHangsHoldsAStopForAWhileOnly() {
    var board = TaskBoard(job: job(10), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    let grace = ComputeDefaults.stopGrace
    #expect(board.handle(.stop, at: .zero).isEmpty)
    // A target that has been told to stop says so again and again.
    for event in [TaskBoard.Event.stop, .tick] {
      #expect(board.handle(event, at: grace - .milliseconds(1)).isEmpty)
    }
    #expect(board.handle(.tick, at: grace) == [.kill(worker: 1)])
    #expect(!board.isFinished)
    let actions = board.handle(.workerExited(worker: 1, reason: "was killed"), at: grace)
    #expect(
      !actions.contains {
        if case .report(.taskRetried) = $0 { true } else { false }
      })
    #expect(board.isFinished)
    #expect(
      board.outcome == ComputeOutcome(ending: .stopped, succeeded: 0, failed: 0, retries: 0, notRun: 10))
  }

  @Test func warmWorkersGetTasksAtOnce() {
    var board = TaskBoard(
      job: job(2), nodes: 2, coresPerNode: 1, warm: [.init(worker: 7, slot: 1, isReady: true)], nextWorker: 8)
    let actions = board.begin(at: .zero)
    #expect(assignments(actions) == [[7, 0, 1]])
    #expect(actions.contains(.startWorker(worker: 8, slot: 0)))
  }

  @Test func aWorkerThatWritesNonsenseIsReplaced() {
    var board = TaskBoard(job: job(1), nodes: 1, coresPerNode: 1)
    _ = board.begin(at: .zero)
    _ = board.handle(.workerReplied(worker: 1, .ready), at: .zero)
    #expect(board.handle(.unexpectedOutput(worker: 1, text: "hello"), at: .zero) == [.kill(worker: 1)])
  }
}
