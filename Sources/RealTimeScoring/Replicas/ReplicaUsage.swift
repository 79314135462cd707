import Telemetry

/// How many replicas there were, and for how long, from the times of their states. Pure.
package struct ReplicaUsage: Hashable, Sendable {
  /// One life of a replica: from its start to its end.
  package struct Life: Hashable, Sendable {
    package var replica: Int
    package var process: Int32?
    package var from: Timestamp
    /// Nil: it was never ready.
    package var ready: Timestamp?
    /// Nil: it is still there.
    package var to: Timestamp?
    /// Its last state.
    package var state: ReplicaState
  }

  package private(set) var lives: [Life] = []
  /// The lives that have no end yet, by their replicas.
  private var open: [Int: Int] = [:]
  /// The most replicas that were there at a time.
  package private(set) var mostReplicas = 0

  package init() {}

  /// - Parameter records: In order of time.
  package init(_ records: [ReplicaRecord]) {
    for record in records { add(record) }
  }

  /// Takes the next record.
  package mutating func add(_ record: ReplicaRecord) {
    if let index = open[record.replica] {
      lives[index].state = record.state
      if record.state == .ready, lives[index].ready == nil { lives[index].ready = record.at }
      if !record.state.isThere {
        lives[index].to = record.at
        open[record.replica] = nil
      }
    } else if record.state.isThere {
      open[record.replica] = lives.count
      lives.append(
        Life(
          replica: record.replica, process: record.process, from: record.at,
          ready: record.state == .ready ? record.at : nil, to: nil, state: record.state))
    }
    mostReplicas = max(mostReplicas, open.count)
  }

  /// The lives that have no end.
  package var openLives: [Life] { open.values.sorted().map { lives[$0] } }

  /// How long replicas were there, all together; those that are still there, until `now`.
  package func seconds(at now: Timestamp) -> Double {
    lives.reduce(0) { $0 + max(0, (($1.to ?? now) - $1.from).seconds) }
  }
}
