import Compute
import Telemetry

/// What a job that comes again and again costs, where nodes go when they have been idle for long enough, or where some are kept.
///
/// Computed from the nodes of one job, not simulated: every job is taken to be like that one. A node's life costs
/// max(B, P + T + I): the least that is billed, or the time until it takes tasks, the time at them and the idle time before it is
/// released. Where the gap between two jobs is shorter than the idle time, the node is still there when the next job begins; it
/// then costs as much as one that is kept.
package struct ScaleToZero: Hashable, Sendable {
  /// A node that stays until it is idle for too long.
  private struct Node: Hashable {
    /// Since the beginning of the job: when it would be released.
    let released: Int64
    /// What is billed of it then.
    let billed: Int64
  }

  /// By their numbers, the last life of each.
  private let nodes: [Node]
  /// Billed of nodes that were released during the job, and came again.
  private let releasedEarly: Int64
  /// Billed of nodes that were preempted or unusable in the end, which keeping nodes does not prevent.
  private let lost: Int64
  /// From the first node that takes tasks to the last that is at one.
  private let workMilliseconds: Int64

  /// - Parameter lives: Those of a job that begins at 0. What follows their last task does not count; `idleTime` takes its place.
  package init(lives: [NodeLife], billing: BillingProfile, idleTime: Duration) {
    var last: [Int: Int] = [:]
    for (index, life) in lives.enumerated() {
      if let other = last[life.node], lives[other].end > life.end { continue }
      last[life.node] = index
    }
    var nodes: [(number: Int, node: Node)] = []
    var releasedEarly: Int64 = 0
    var lost: Int64 = 0
    var workBegin: Int64?
    var workEnd: Int64 = 0
    for (index, life) in lives.enumerated() {
      let busyEnd = life.busyEnd
      workEnd = max(workEnd, busyEnd.milliseconds)
      if let ready = life.ready?.milliseconds { workBegin = min(workBegin ?? ready, ready) }
      let state = life.stretches[life.stretches.count - 1].state
      if state == .preempted || state == .unusable {
        lost += billing.billedMilliseconds(of: life)
      } else if last[life.node] != index {
        releasedEarly += billing.billedMilliseconds(of: life)
      } else {
        var whole = life
        whole.stretches = life.stretches.filter { $0.from < busyEnd }
        whole.stretches.append(.init(state: .idle, from: busyEnd))
        whole.end = busyEnd + idleTime
        nodes.append(
          (
            life.node,
            Node(released: whole.end.milliseconds, billed: billing.billedMilliseconds(of: whole))
          ))
      }
    }
    self.nodes = nodes.sorted { $0.number < $1.number }.map(\.node)
    self.releasedEarly = releasedEarly
    self.lost = lost
    workMilliseconds = max(0, workEnd - (workBegin ?? 0))
  }

  /// How many nodes there are at the end of a job.
  package var nodeCount: Int { nodes.count }

  /// Why jobs cannot begin every `interval`, in a sentence; nil where they can.
  package func obstacle(every interval: Duration) -> String? {
    guard interval.milliseconds > 0 else {
      return "The interval between two jobs must be longer than nothing."
    }
    guard interval.milliseconds < workMilliseconds else { return nil }
    return "A job takes \(Duration.milliseconds(workMilliseconds).text) of work, "
      + "which is longer than the \(interval.text) between two jobs."
  }

  /// What is billed of all nodes from one job's beginning to the next's, in milliseconds. `warm` nodes are always there, those with
  /// the lowest numbers.
  package func billedMilliseconds(every interval: Duration, warm: Int = 0) -> Int64 {
    let length = interval.milliseconds
    var billed = lost + (warm >= nodes.count ? 0 : releasedEarly)
    for (index, node) in nodes.enumerated() {
      billed += index < warm || length < node.released ? length : node.billed
    }
    return billed + Int64(max(0, warm - nodes.count)) * length
  }

  /// A month of ``ClusterCost/hoursPerMonth`` in which a job begins every `interval`; nil where ``obstacle(every:)`` says why.
  package func costPerMonth(every interval: Duration, warm: Int = 0, price: Dollars) -> Dollars? {
    guard obstacle(every: interval) == nil else { return nil }
    return price.times(
      billedMilliseconds(every: interval, warm: warm) * ClusterCost.hoursPerMonth, over: interval.milliseconds
    )
  }

  /// Where jobs begin further apart than this, going to zero is cheaper than keeping all nodes; with equal nodes it is
  /// max(B, P + T + I). Nil without nodes.
  package var breakEvenInterval: Duration? {
    // With k nodes released, going to zero saves k·X - their billed time - releasedEarly. That grows with X, but jumps where one
    // more node is released; so the last zero is looked for from above.
    let sorted = nodes.sorted { $0.released < $1.released }
    var billed = sorted.reduce(releasedEarly) { $0 + $1.billed }
    var above: Int64?
    for count in stride(from: sorted.count, to: 0, by: -1) {
      let from = sorted[count - 1].released
      // Rounded up: a millisecond that does not divide costs nothing yet.
      let zero = (billed + Int64(count) - 1) / Int64(count)
      if let above, zero >= above { return .milliseconds(above) }
      if zero >= from { return .milliseconds(zero) }
      above = from
      billed -= sorted[count - 1].billed
    }
    return above.map { .milliseconds($0) }
  }
}

extension NodeLife {
  /// When it has taken tasks first, or could; nil where it never did.
  fileprivate var ready: Duration? { stretches.first { $0.state == .idle || $0.state == .running }?.from }

  /// When it was done with its last task; where it had none, when it could take some.
  fileprivate var busyEnd: Duration {
    var busyEnd = begin
    forEachStretch { state, _, to in
      if state == .running || state == .provisioning { busyEnd = max(busyEnd, to) }
    }
    return busyEnd
  }
}
