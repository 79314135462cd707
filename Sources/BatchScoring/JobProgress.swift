/// How far a job is, from its tasks.
public struct JobProgress: Hashable, Sendable, Codable {
  public var tasks: Int
  public var completed: Int
  public var running: Int
  public var failed: Int
  /// Rows of completed tasks.
  public var rows: Int
  public var failedRows: Int
  /// Of completed tasks; nil where there is none.
  public var medianTaskMs: Double?
  public var longestTaskMs: Double?

  public init(tasks: [TaskRecord]) {
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
