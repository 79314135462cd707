import BatchScoring
import Compute
import Telemetry

/// The nodes of a run's compute targets as their states come, and what they have cost so far. Pure, and bounded by the nodes that
/// are there.
package struct LiveNodes: Sendable {
  package struct Node: Hashable, Sendable {
    package var target: String
    package var node: Int
    package var state: NodeState
    /// Since when it has been there.
    package var from: Timestamp
  }

  private struct Key: Hashable {
    var target: String
    var node: Int
  }

  private var present: [Key: Node] = [:]
  /// How long those were there that have gone.
  private var goneSeconds = 0.0
  /// How many have ever been there.
  package private(set) var lives = 0

  package init() {}

  package mutating func take(_ records: [NodeStateRecord]) {
    for record in records {
      let key = Key(target: record.target, node: record.node)
      if let state = record.state {
        if present[key] == nil { lives += 1 }
        present[key, default: Node(target: key.target, node: key.node, state: state, from: record.at)]
          .state = state
      } else if let node = present.removeValue(forKey: key) {
        goneSeconds += max(0, (record.at - node.from).seconds)
      }
    }
  }

  /// In order of target and number.
  package var nodes: [Node] { present.values.sorted { ($0.target, $0.node) < ($1.target, $1.node) } }

  /// How long nodes were there, all together; those that are there, until `now`.
  package func seconds(at now: Timestamp) -> Double {
    present.values.reduce(goneSeconds) { $0 + max(0, (now - $1.from).seconds) }
  }
}
