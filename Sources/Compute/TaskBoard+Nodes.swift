/// The nodes of a board: how many the tasks are worth, which are at work, and what becomes of workers whose node goes.
extension TaskBoard {
  /// How many tasks wait or run, and one more where a failed one should go to another node.
  package var demand: Int {
    guard isUnderWay else { return busyNodes.count }
    return queue.waiting + tally.working + (queue.hasRetries ? slots.coresPerNode : 0)
  }

  /// The nodes that are at a task.
  package var busyNodes: Set<Int> { tally.busyNodes }

  mutating func close(_ node: Int, _ actions: inout [Action]) {
    guard !tally.isBusy(node), slots.close(node) else { return }
    for index in workers(on: node) {
      if case .killed = workers[index].state { continue }
      move(index, to: .leaving)
      actions.append(.finish(worker: workers[index].number))
    }
  }

  mutating func lose(_ node: Int, _ actions: inout [Action]) {
    _ = slots.close(node)
    for index in workers(on: node) {
      let number = workers[index].number
      switch workers[index].state {
      case .busy(let run):
        noteReason("node \(node) was preempted", of: number)
        move(index, to: .lost(run))
      case .starting, .idle, .leaving: move(index, to: .leaving)
      case .killed, .lost: continue
      }
      actions.append(.kill(worker: number))
    }
  }

  /// Of the open nodes that have come to something else, or may have, since this was asked last, those whose state is another one
  /// than `scaler` knows; ascending. One whose workers are all still being started is not among them.
  mutating func takeActivity(openNodes: Set<Int>, knownTo scaler: Autoscaler) -> [Autoscaler.Observation] {
    var seen: [Autoscaler.Observation] = []
    for node in tally.touched where !tally.isStarting(node) {
      let isAtTask = tally.isBusy(node)
      // Most have ended one task and begun another.
      guard scaler.state(of: node) != (isAtTask ? .running : .idle), openNodes.contains(node) else {
        continue
      }
      seen.append(Autoscaler.Observation(node: node, isAtTask: isAtTask))
    }
    tally.forgetTouched()
    if seen.count > 1 { seen.sort { $0.node < $1.node } }
    return seen
  }

  /// Where in ``workers`` those of `node` are.
  func workers(on node: Int) -> [Int] {
    workers.indices.filter { slots.node(of: workers[$0].slot) == node }
  }
}
