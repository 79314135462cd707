import Compute
import GRDB
import Telemetry

/// The nodes of a run's compute targets: every change of their states.
extension JobStore {
  /// Writes that a node of `target` has changed its state.
  package func record(_ transition: NodeTransition, of target: String, at now: Timestamp) throws {
    try write {
      try $0.execute(
        sql: "INSERT INTO node_states (target, node, state, at_ms) VALUES (?, ?, ?, ?)",
        arguments: [target, transition.node, transition.state?.rawValue, now.milliseconds])
    }
  }

  /// Every change of state of a node, in order.
  package func nodeStates() throws -> [NodeStateRecord] {
    try read { try Self.nodeStates(after: 0, most: -1, $0).records }
  }

  /// The changes behind number `known`, in order, and the number of the last one.
  ///
  /// - Parameter most: How many; negative for all.
  static func nodeStates(after known: Int, most: Int, _ db: Database) throws -> (
    records: [NodeStateRecord], last: Int
  ) {
    var last = known
    let records = try Row.fetchAll(
      db, sql: "SELECT * FROM node_states WHERE number > ? ORDER BY number LIMIT ?", arguments: [known, most]
    ).map { row in
      last = row["number"]
      return NodeStateRecord(
        target: row["target"], node: row["node"],
        state: (row["state"] as String?).flatMap(NodeState.init(rawValue:)),
        at: Timestamp(milliseconds: row["at_ms"]))
    }
    return (records, last)
  }

  /// Writes of nodes whose coordinator was killed that they went with it, when it was last heard of.
  static func endLostNodes(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO node_states (target, node, state, at_ms)
        SELECT target, node, NULL, max(
            (SELECT max(at_ms) FROM node_states),
            coalesce((SELECT max(max(queued_ms, coalesce(started_ms, 0), coalesce(ended_ms, 0))) FROM jobs), 0))
        FROM (SELECT target, node, state, max(number) FROM node_states GROUP BY target, node)
        WHERE state IS NOT NULL
        """)
  }
}
