/// What a set of replicas is at.
package struct ReplicaFigures: Hashable, Sendable {
  /// How many replicas the autoscaler wants.
  package var wanted: Int
  /// How many replicas there are in each state.
  package var starting: Int
  package var ready: Int
  package var draining: Int
  /// The most replicas that were there at a time.
  package var most: Int
  /// How often a replica was started again after it had ended by itself.
  package var restarts: Int
  /// What haproxy said last; nil before it said anything.
  package var statistics: HAProxyStatistics?
  /// The processes of the replicas, by their numbers from 1.
  package var processes: [Int: Int32]

  package init(
    wanted: Int, starting: Int, ready: Int, draining: Int, most: Int, restarts: Int,
    statistics: HAProxyStatistics?, processes: [Int: Int32]
  ) {
    self.wanted = wanted
    self.starting = starting
    self.ready = ready
    self.draining = draining
    self.most = most
    self.restarts = restarts
    self.statistics = statistics
    self.processes = processes
  }
}
