/// The nodes of a board: how many the tasks are worth, which are at work, and what becomes of workers whose node goes.
extension TaskBoard {
  /// How many tasks wait or run, and one more where a failed one should go to another node.
  package var demand: Int {
    guard ending == .finished else { return busyNodes.count }
    let running = workers.values.count { if case .busy = $0.state { true } else { false } }
    return queue.waiting + running + (queue.hasRetries ? slots.coresPerNode : 0)
  }

  /// The nodes that are at a task.
  package var busyNodes: Set<Int> {
    Set(
      workers.values.compactMap { worker in
        switch worker.state {
        case .busy, .killed(.some, _), .lost: slots.node(of: worker.slot)
        case .starting, .idle, .killed(nil, _), .leaving: nil
        }
      })
  }

  /// The nodes whose workers are all still being started.
  package var startingNodes: Set<Int> {
    var isStarting: [Int: Bool] = [:]
    for worker in workers.values {
      let starts = if case .starting = worker.state { true } else { false }
      let node = slots.node(of: worker.slot)
      isStarting[node] = isStarting[node, default: true] && starts
    }
    return Set(isStarting.filter(\.value).keys)
  }

  mutating func close(_ node: Int, _ actions: inout [Action]) {
    guard !busyNodes.contains(node), slots.close(node) else { return }
    for number in workers(on: node) {
      if case .killed = workers[number]?.state { continue }
      workers[number]?.state = .leaving
      actions.append(.finish(worker: number))
    }
  }

  mutating func lose(_ node: Int, _ actions: inout [Action]) {
    _ = slots.close(node)
    for number in workers(on: node) {
      switch workers[number]?.state {
      case .busy(let run): workers[number]?.state = .lost(run, reason: "node \(node) was preempted")
      case .starting, .idle, .leaving: workers[number]?.state = .leaving
      case .killed, .lost, nil: continue
      }
      actions.append(.kill(worker: number))
    }
  }

  private func workers(on node: Int) -> [Int] {
    workers.filter { slots.node(of: $0.value.slot) == node }.keys.sorted()
  }
}
