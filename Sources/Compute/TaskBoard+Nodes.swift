/// The nodes of a board: how many the tasks are worth, which are at work, and what becomes of workers whose node goes.
extension TaskBoard {
  /// How many tasks wait or run, and one more where a failed one should go to another node.
  package var demand: Int {
    guard ending == .finished else { return busyNodes.count }
    return queue.waiting + tally.working + (queue.hasRetries ? slots.coresPerNode : 0)
  }

  /// The nodes that are at a task.
  package var busyNodes: Set<Int> { tally.busyNodes }

  mutating func close(_ node: Int, _ actions: inout [Action]) {
    guard !tally.isBusy(node), slots.close(node) else { return }
    for number in workers(on: node) {
      if case .killed = workers[number]?.state { continue }
      move(number, to: .leaving)
      actions.append(.finish(worker: number))
    }
  }

  mutating func lose(_ node: Int, _ actions: inout [Action]) {
    _ = slots.close(node)
    for number in workers(on: node) {
      switch workers[number]?.state {
      case .busy(let run): move(number, to: .lost(run, reason: "node \(node) was preempted"))
      case .starting, .idle, .leaving: move(number, to: .leaving)
      case .killed, .lost, nil: continue
      }
      actions.append(.kill(worker: number))
    }
  }

  private func workers(on node: Int) -> [Int] {
    workers.filter { slots.node(of: $0.value.slot) == node }.keys.sorted()
  }
}
