import Foundation
import GRDB

/// What somebody who watches a run sees of its jobs at one moment. Bounded in each part.
package struct JobLook: Hashable, Sendable {
  /// The newest jobs, the newest first.
  package var jobs: [JobRecord] = []
  /// How many there are in each state.
  package var counts: [JobState: Int] = [:]
  /// Rows of all prediction files.
  package var predictions = 0
  /// Attempts that failed and were done again, of all jobs.
  package var retries = 0
  /// Of jobs that have not ended: how many tasks are in each state.
  package var tasks: [String: [String: Int]] = [:]
  /// Changes of nodes since the last look, in order.
  package var nodeStates: [NodeStateRecord] = []
  /// The number of the last one.
  package var lastNodeState = 0

  package init() {}
}

extension JobStore {
  /// Opens the file at `path`, looks, and closes it again. Nil where no job has been queued yet.
  ///
  /// - Parameters:
  ///   - jobs: How many of the newest jobs are wanted.
  ///   - afterNodeState: Changes of nodes up to this number are known.
  ///   - nodeStates: How many of them are read at a time.
  package static func look(at path: String, jobs: Int, afterNodeState: Int, nodeStates: Int) throws
    -> JobLook?
  {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let store = try JobStore(reading: path)
    return try store.read { db in
      // The scheduler makes the file before its tables.
      guard try db.tableExists("jobs"), try db.tableExists("node_states") else { return nil }
      var look = JobLook()
      look.jobs = try Row.fetchAll(
        db, sql: "SELECT * FROM jobs ORDER BY number DESC LIMIT ?", arguments: [jobs]
      ).map(record)
      let counts = try Row.fetchCursor(
        db, sql: "SELECT state, count(*), sum(predictions), sum(retries) FROM jobs GROUP BY state")
      while let row = try counts.next() {
        look.counts[JobState(rawValue: row[0]) ?? .failed, default: 0] += row[1] as Int
        look.predictions += row[2] as Int
        look.retries += row[3] as Int
      }
      for job in look.jobs where !job.state.isFinal {
        let states = try Row.fetchCursor(
          db, sql: "SELECT state, count(*) FROM tasks WHERE job = ? GROUP BY state", arguments: [job.cut.id])
        while let row = try states.next() { look.tasks[job.cut.id, default: [:]][row[0]] = row[1] }
      }
      (look.nodeStates, look.lastNodeState) = try Self.nodeStates(after: afterNodeState, most: nodeStates, db)
      return look
    }
  }
}
