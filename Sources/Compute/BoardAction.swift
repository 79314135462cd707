/// What a board wants done: a ``TaskBoard`` for one job, a ``ClusterBoard`` for a cluster. One type for both, because a cluster's
/// board hands on what the job's asks for, and at hundreds of thousands of tasks a second each copy counts.
package enum BoardAction: Hashable, Sendable {
  /// A node is needed.
  case provision(node: Int)
  /// On the node ``ClusterBoard/node(of:)`` of `slot`.
  case startWorker(worker: Int, slot: Int)
  case assign(worker: Int, task: Int, attempt: Int)
  case kill(worker: Int)
  /// It has nothing to do and is to exit by itself.
  case finish(worker: Int)
  case report(ComputeEvent)
  /// For the record.
  case changed(NodeTransition)
}
