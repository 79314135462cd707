import Compute
import Telemetry

/// What jobs.sqlite knows of a node that has changed its state.
package struct NodeStateRecord: Hashable, Sendable, Codable {
  package var target: String
  /// From 1.
  package var node: Int
  /// Nil: it has gone.
  package var state: NodeState?
  /// Wall-clock time.
  package var at: Timestamp

  package init(target: String, node: Int, state: NodeState?, at: Timestamp) {
    self.target = target
    self.node = node
    self.state = state
    self.at = at
  }
}

/// What the nodes of compute targets cost, from the times of their states. Pure.
package struct NodeUsage: Hashable, Sendable {
  /// One life of a node: from the time that it was asked for.
  package struct Life: Hashable, Sendable {
    package var target: String
    package var node: Int
    package var from: Timestamp
    /// Nil: it is still there.
    package var to: Timestamp?
    /// The last state before it went.
    package var state: NodeState
  }

  package private(set) var lives: [Life] = []

  /// - Parameter records: In order of time.
  package init(_ records: [NodeStateRecord]) {
    var current: [String: Int] = [:]
    for record in records {
      let key = "\(record.target)/\(record.node)"
      switch (current[key], record.state) {
      case (let index?, let state?): lives[index].state = state
      case (let index?, nil):
        lives[index].to = record.at
        current[key] = nil
      case (nil, let state?):
        current[key] = lives.count
        lives.append(
          Life(target: record.target, node: record.node, from: record.at, to: nil, state: state))
      case (nil, nil): break
      }
    }
  }

  /// How long nodes were there between two times, all together.
  package func seconds(from: Timestamp, to: Timestamp) -> Double {
    lives.reduce(0) { total, life in
      let start = max(life.from, from)
      let end = min(life.to ?? to, to)
      return start < end ? total + (end - start).seconds : total
    }
  }

  /// How long nodes were there, all together; those that are still there, until `now`.
  package func seconds(at now: Timestamp) -> Double {
    lives.reduce(0) { $0 + max(0, (($1.to ?? now) - $1.from).seconds) }
  }

  /// The most nodes that were there at a time.
  package var mostNodes: Int {
    // A node that leaves and one that arrives at the same instant are counted as one.
    let changes = lives.flatMap { life in [(life.from, 1)] + (life.to.map { [($0, -1)] } ?? []) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    var present = 0
    return changes.reduce(0) { most, change in
      present += change.1
      return max(most, present)
    }
  }
}
