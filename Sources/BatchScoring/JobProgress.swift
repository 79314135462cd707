/// How far a job is, from its tasks.
package struct JobProgress: Hashable, Sendable, Codable {
  package var tasks: Int
  package var completed: Int
  package var running: Int
  package var failed: Int
  /// Rows of completed tasks.
  package var rows: Int
  package var failedRows: Int
  /// Of completed tasks; nil where there is none.
  package var medianTaskMs: Double?
  package var longestTaskMs: Double?

  package init(tasks: [TaskRecord]) {
    self.tasks = tasks.count
    completed = tasks.count { $0.state == "completed" }
    running = tasks.count { $0.state == "running" }
    failed = tasks.count { $0.state == "failed" }
    rows = tasks.reduce(0) { $0 + $1.rows }
    failedRows = tasks.reduce(0) { $0 + $1.failedRows }
    let durations = tasks.filter { $0.state == "completed" }.compactMap(\.durationMs).sorted()
    medianTaskMs = durations.isEmpty ? nil : durations[durations.count / 2]
    longestTaskMs = durations.last
  }
}
