import Compute
import Testing

/// Job arrays without Slurm: what squeue prints and what elements write is made up.
@Suite struct ArrayWatchTests {
  private func watch(tasks: Int, elements: Int, retries: Int = 3) -> ArrayWatch {
    var board = ArrayBoard(
      tasks: Array(0..<tasks), retry: RetrySettings(maxRetries: retries, timeout: .seconds(30)))
    let dealt = board.nextArray(slots: elements, firstWorker: 1)
    return ArrayWatch(
      array: "77", elements: dealt, board: board, nodes: ArrayWatch.NodeNumbers(), timeout: .seconds(30),
      at: .zero, log: { "log-\($0)" })
  }

  private func squeue(_ lines: String...) -> [Int: ElementState] {
    ElementState.states(squeue: lines.joined(separator: "\n"))
  }

  private let ready = #"{"status":"ready"}"#

  private func ok(_ task: Int, _ attempt: Int = 1) -> String {
    #"{"status":"ok","task":\#(task),"attempt":\#(attempt),"items":1,"failed_items":0}"#
  }

  private func changes(_ actions: [ArrayWatch.Action]) -> [NodeTransition] {
    actions.compactMap { if case .changed(let transition) = $0 { transition } else { nil } }
  }

  private func notices(_ actions: [ArrayWatch.Action]) -> [String] {
    actions.compactMap { if case .report(.notice(let text)) = $0 { text } else { nil } }
  }

  @Test func readsWhatSqueuePrints() {
    let states = squeue(
      "0|RUNNING|n1|None", "1|PENDING|n9|Resources", "2|COMPLETED|n2|", "3|REQUEUE_HOLD||JobHoldMaxRequeue",
      "4|FAILED|n3|NonZeroExitCode", "5|NODE_FAIL|n4|None", "", "not a line", "x|RUNNING|n1|None", "6|RUNNING"
    )
    #expect(
      states == [
        0: ElementState(isLive: true, isWaiting: false, node: "n1", reason: "Slurm says RUNNING"),
        1: ElementState(isLive: true, isWaiting: true, node: nil, reason: "Slurm says PENDING, Resources"),
        2: ElementState(isLive: false, isWaiting: false, node: "n2", reason: "Slurm says COMPLETED"),
        3: ElementState(
          isLive: true, isWaiting: true, node: nil, reason: "Slurm says REQUEUE_HOLD, JobHoldMaxRequeue"),
        4: ElementState(
          isLive: false, isWaiting: false, node: "n3", reason: "Slurm says FAILED, NonZeroExitCode"),
        5: ElementState(isLive: true, isWaiting: false, node: "n4", reason: "Slurm says NODE_FAIL"),
      ])
  }

  @Test func followsElementsFromTheirNodesToTheirEnd() {
    var watch = watch(tasks: 3, elements: 2)
    var actions = watch.look(
      squeue("0|RUNNING|n7|None", "1|RUNNING|n7|None"), lines: [0: [ready]], at: .seconds(1))
    #expect(changes(actions) == [NodeTransition(node: 1, state: .running, at: .seconds(1))], "one node")
    #expect(actions.contains(.report(.workerStarted(worker: 2, node: 1))))
    #expect(watch.hosts == [1: "n7", 2: "n7"], "Slurm's names")
    actions = watch.look(nil, lines: [0: [ok(0), "no reply", ok(2)], 1: [ok(1)]], at: .seconds(2))
    #expect(actions.count { if case .report(.taskSucceeded) = $0 { true } else { false } } == 3)
    #expect(!watch.isOver, "Slurm has not said that they have ended")
    actions = watch.look(
      squeue("0|COMPLETED|n7|None", "1|RUNNING|n7|None"), lines: [:], at: .seconds(3))
    #expect(changes(actions).isEmpty && watch.live == [1])
    actions = watch.look(squeue("1|COMPLETED|n7|None"), lines: [:], at: .seconds(4))
    #expect(changes(actions) == [NodeTransition(node: 1, state: nil, at: .seconds(4))])
    #expect(watch.isOver && watch.board.isFinished && watch.lastReason == "none")
  }

  @Test func whatAnElementWroteBeforeItsEndCounts() {
    var watch = watch(tasks: 1, elements: 1)
    let actions = watch.look(squeue("0|COMPLETED|n2|None"), lines: [0: [ready, ok(0)]], at: .seconds(1))
    #expect(watch.isOver && watch.board.isFinished)
    #expect(
      changes(actions) == [
        NodeTransition(node: 1, state: .running, at: .seconds(1)),
        NodeTransition(node: 1, state: nil, at: .seconds(1)),
      ], "Slurm knows where it was, though nobody has seen it run")
  }

  @Test func anElementThatEndsEarlyLeavesItsTasksToTheNextArray() {
    var watch = watch(tasks: 2, elements: 1)
    _ = watch.look(squeue("0|RUNNING|n1|None"), lines: [:], at: .seconds(1))
    let actions = watch.look(squeue("0|FAILED|n1|NonZeroExitCode"), lines: [:], at: .seconds(3))
    let reason = "Slurm says FAILED, NonZeroExitCode (log: log-0)"
    #expect(actions.contains(.report(.workerExited(worker: 1, node: 1, reason: reason))))
    #expect(
      actions.contains(
        .report(.taskRetried(task: 0, attempt: 1, reason: "worker 1: \(reason)", duration: .seconds(2)))))
    #expect(watch.isOver && watch.board.waitingTasks == 2)
    #expect(watch.lastReason == "Slurm says FAILED, NonZeroExitCode")
  }

  @Test func anElementThatSlurmKnowsNoMoreHasEnded() {
    var watch = watch(tasks: 1, elements: 1)
    _ = watch.look(squeue("0|RUNNING|n1|None"), lines: [:], at: .seconds(1))
    _ = watch.look(nil, lines: [:], at: .seconds(2))
    #expect(!watch.isOver, "Slurm was not asked")
    _ = watch.look([:], lines: [:], at: .seconds(3))
    #expect(watch.isOver && watch.lastReason == "Slurm knows it no more")
  }

  @Test func anElementThatLosesItsNodeBeginsAnewOnAnother() {
    var watch = watch(tasks: 1, elements: 1, retries: 0)
    _ = watch.look(squeue("0|RUNNING|n1|None"), lines: [:], at: .seconds(1))
    let actions = watch.look(squeue("0|PENDING||BeginTime"), lines: [:], at: .seconds(5))
    #expect(notices(actions) == ["element 77_0 begins anew: Slurm says PENDING, BeginTime"])
    #expect(changes(actions) == [NodeTransition(node: 1, state: nil, at: .seconds(5))])
    #expect(watch.look(nil, lines: [:], at: .seconds(100)).isEmpty, "it waits, and is not overdue")
    let again = watch.look(squeue("0|RUNNING|n2|None"), lines: [:], at: .seconds(101))
    #expect(changes(again) == [NodeTransition(node: 2, state: .running, at: .seconds(101))])
    _ = watch.look(nil, lines: [0: [ready, ok(0)]], at: .seconds(102))
    #expect(watch.board.outcome(.finished).succeeded == 1)
  }

  @Test func anOverdueElementIsCanceledAndNotWaitedFor() {
    var watch = watch(tasks: 2, elements: 2)
    _ = watch.look(squeue("0|RUNNING|n1|None", "1|RUNNING|n2|None"), lines: [1: [ok(1)]], at: .seconds(1))
    #expect(watch.look(nil, lines: [:], at: .seconds(31)).isEmpty)
    let actions = watch.look(nil, lines: [:], at: .seconds(32))
    #expect(actions.first == .cancel(element: 0))
    #expect(changes(actions) == [NodeTransition(node: 1, state: nil, at: .seconds(32))])
    #expect(watch.live == [1] && watch.board.waitingTasks == 1)
    guard case .report(.taskRetried(task: 0, attempt: 1, let reason, _))? = actions.dropFirst(2).first else {
      Issue.record("\(actions)")
      return
    }
    #expect(reason.contains("no answer within 30 s; canceled"))
  }

  @Test func saysOnceWhatAnArrayWaitsFor() {
    var watch = watch(tasks: 2, elements: 2)
    let waits = squeue("0|PENDING||Resources", "1|PENDING||Priority")
    #expect(notices(watch.look(waits, lines: [:], at: ComputeDefaults.slurmSilence)).isEmpty)
    let later = ComputeDefaults.slurmSilence + .seconds(1)
    #expect(
      notices(watch.look(waits, lines: [:], at: later))
        == ["the array 77 waits: Slurm says PENDING, Resources"])
    #expect(watch.look(waits, lines: [:], at: later + .seconds(1)).isEmpty)
  }

  @Test func saysNothingWhereAnElementRuns() {
    var watch = watch(tasks: 2, elements: 2)
    let half = squeue("0|RUNNING|n1|None", "1|PENDING||Priority")
    #expect(notices(watch.look(half, lines: [:], at: ComputeDefaults.slurmSilence + .seconds(9))).isEmpty)
  }

  @Test func slurmIsAskedNowAndThenAndAtOnceWhereAnElementHasRepliedUnseen() {
    var watch = watch(tasks: 2, elements: 2)
    #expect(watch.isLookDue(at: .zero) { _ in false })
    _ = watch.look(squeue("0|RUNNING|n1|None", "1|PENDING||Priority"), lines: [:], at: .zero)
    let soon = Duration.milliseconds(100)
    #expect(!watch.isLookDue(at: soon) { _ in false })
    #expect(!watch.isLookDue(at: soon) { $0 == 0 }, "its node is known")
    #expect(watch.isLookDue(at: soon) { $0 == 1 })
    #expect(watch.isLookDue(at: ComputeDefaults.slurmStateInterval) { _ in false })
  }

  @Test func aSilentControllerIsWaitedForForAWhile() {
    var watch = watch(tasks: 1, elements: 1)
    _ = watch.look(squeue("0|RUNNING|n1|None"), lines: [:], at: .seconds(10))
    let end = Duration.seconds(10) + ComputeDefaults.slurmPatience
    let isTooLongBefore = watch.noteSilence(at: end - .milliseconds(1))
    #expect(!isTooLongBefore)
    #expect(!watch.isLookDue(at: end) { _ in false }, "asked again after the usual interval")
    let isTooLong = watch.noteSilence(at: end)
    #expect(isTooLong)
  }

  @Test func anArrayThatIsCanceledIsWaitedForAndNothingOfItCounts() {
    var watch = watch(tasks: 2, elements: 2)
    _ = watch.look(squeue("0|RUNNING|n1|None", "1|RUNNING|n2|None"), lines: [0: [ok(0)]], at: .zero)
    #expect(watch.end(cancelTaken: false, at: .seconds(1)).isEmpty && !watch.isCanceled)
    #expect(watch.end(cancelTaken: true, at: .seconds(2)).isEmpty && watch.isCanceled)
    let actions = watch.look(
      squeue("0|CANCELLED|n1|None", "1|CANCELLED|n2|None"), lines: [:], at: .seconds(3))
    #expect(watch.isOver && changes(actions).map(\.node) == [1, 2])
    #expect(!actions.contains { if case .report = $0 { true } else { false } })
    #expect(
      watch.board.outcome(.canceled)
        == ComputeOutcome(ending: .canceled, succeeded: 1, failed: 0, retries: 0, notRun: 1))
  }

  @Test(arguments: [true, false]) func anArrayThatDoesNotEndIsLeft(isTaken: Bool) {
    var watch = watch(tasks: 1, elements: 1)
    _ = watch.look(squeue("0|RUNNING|n1|None"), lines: [:], at: .zero)
    let grace = ComputeDefaults.stopGrace
    #expect(watch.end(cancelTaken: isTaken, at: .zero).isEmpty)
    #expect(watch.end(cancelTaken: false, at: grace).isEmpty && !watch.isOver)
    let actions = watch.end(cancelTaken: false, at: grace + .milliseconds(1))
    #expect(watch.isOver)
    #expect(changes(actions) == [NodeTransition(node: 1, state: nil, at: grace + .milliseconds(1))])
    #expect(
      notices(actions).isEmpty == isTaken, "that it may still run, is said where Slurm has not taken it")
  }
}
