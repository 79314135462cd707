/// How Slurm sees an element of a job array.
package struct ElementState: Hashable, Sendable {
  /// Whether it may still do something; a preempted or requeued element comes back as pending.
  package var isLive: Bool
  /// Whether it is on no node yet, or not any more.
  package var isWaiting: Bool
  /// Slurm's name of its node; nil where it has none.
  package var node: String?
  /// Its state and why it is in it, such as `Slurm says PENDING, Resources`.
  package var reason: String

  package init(isLive: Bool, isWaiting: Bool, node: String?, reason: String) {
    self.isLive = isLive
    self.isWaiting = isWaiting
    self.node = node
    self.reason = reason
  }

  /// The format of squeue that ``states(squeue:)`` reads: index, state, node and reason.
  static let squeueFormat = "%K|%T|%N|%r"

  private static let liveStates: Set<Substring> = [
    "PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "STAGE_OUT",
    "SIGNALING", "STOPPED", "RESIZING", "PREEMPTED", "NODE_FAIL",
  ]
  private static let waitingStates: Set<Substring> = ["PENDING", "REQUEUED", "REQUEUE_HOLD"]

  /// The elements of an array, by their indices, from what squeue prints about it. Lines that are of no element are left out.
  package static func states(squeue output: String) -> [Int: ElementState] {
    var states: [Int: ElementState] = [:]
    for line in output.split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
      guard fields.count >= 4, let index = Int(fields[0]) else { continue }
      let (state, node, reason) = (fields[1], fields[2], fields[3])
      // A short element is done before anybody has seen it run; where it was is known all the same.
      states[index] = ElementState(
        isLive: liveStates.contains(state), isWaiting: waitingStates.contains(state),
        node: state == "PENDING" || node.isEmpty ? nil : String(node),
        reason: "Slurm says \(state)" + (reason.isEmpty || reason == "None" ? "" : ", \(reason)"))
    }
    return states
  }
}
