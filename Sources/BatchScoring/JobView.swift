import Compute
import Foundation
import Telemetry
import Wording

/// How far a job is, for a person who watches it: nodes, tasks, rows a second and the time that is left.
package struct JobView: Hashable, Sendable, Codable {
  package var job: String
  package var deployment: String
  package var state: JobState
  package var progress: JobProgress
  package var failedAttempts: Int
  /// Nodes that are there, by state.
  package var nodes: [String: Int]
  package var elapsedSeconds: Double
  /// Rows of tasks that are done, a second since the job began.
  package var rowsPerSecond: Double?
  /// At the pace so far; nil before the first task is done, and afterwards.
  package var secondsLeft: Double?

  /// - Parameter before: The tasks that earlier attempts have done, of which the pace says nothing.
  package init(
    _ record: JobRecord, progress: JobProgress, before: JobProgress = JobProgress(tasks: []),
    failedAttempts: Int,
    nodes: [NodeStateRecord], now: Timestamp
  ) {
    job = record.cut.id
    deployment = record.deployment
    state = record.state
    self.progress = progress
    self.failedAttempts = failedAttempts
    let present = record.state.isFinal ? [] : NodeUsage(nodes).lives.filter { $0.to == nil }
    self.nodes = Dictionary(grouping: present, by: \.state.rawValue).mapValues(\.count)
    elapsedSeconds = record.startedAt.map { max(0, ((record.endedAt ?? now) - $0).seconds) } ?? 0
    let completed = progress.completed - before.completed
    if elapsedSeconds > 0, completed > 0 {
      rowsPerSecond = Double(progress.rows - before.rows) / elapsedSeconds
    }
    if !record.state.isFinal, completed > 0 {
      let open = progress.tasks - progress.completed - progress.failed
      secondsLeft = elapsedSeconds / Double(completed) * Double(open)
    }
  }

  /// One line for a log.
  package var line: String {
    var parts = ["job \(job): \(state.rawValue)", "\(progress.completed)/\(progress.tasks) tasks"]
    if progress.failed > 0 { parts.append("\(progress.failed) failed") }
    if failedAttempts > 0 { parts.append("\(failedAttempts) failed attempts") }
    parts.append("\(progress.rows) rows")
    if let rowsPerSecond { parts.append("\(Int(rowsPerSecond.rounded())) rows/s") }
    if let secondsLeft { parts.append("\(Self.time(secondsLeft)) left") }
    if !nodes.isEmpty { parts.append("nodes: \(nodeSummary)") }
    return parts.joined(separator: ", ")
  }

  /// The lines of a terminal that is `width` characters wide.
  package func screen(width: Int) -> [String] {
    let share = progress.tasks > 0 ? Double(progress.completed) / Double(progress.tasks) : 0
    let cells = max(10, min(50, width - 30))
    let filled = min(cells, Int(share * Double(cells)))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled)
    return [
      "job \(job)  \(state.rawValue)  deployment \(deployment)",
      "tasks  [\(bar)] \(progress.completed) of \(progress.tasks)",
      "       \(progress.running) running, \(progress.failed) failed, \(failedAttempts) failed attempts",
      "rows   \(progress.rows), \(progress.failedRows) of them failed; "
        + "\(rowsPerSecond.map { "\(Int($0.rounded()))" } ?? "-") a second",
      "nodes  \(nodes.isEmpty ? "none" : nodeSummary)",
      "time   \(Self.time(elapsedSeconds)), \(secondsLeft.map(Self.time) ?? "-") left",
    ].map { $0.fitted(to: width) }
  }

  private var nodeSummary: String {
    NodeState.allCases.compactMap { state in nodes[state.rawValue].map { "\($0) \(state.rawValue)" } }
      .joined(separator: ", ")
  }

  /// Such as `7 s`, `1:05` or `2:00:00`.
  static func time(_ seconds: Double) -> String {
    let whole = Int(max(0, seconds).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 3600 { return "\(whole / 60):\(two(whole % 60))" }
    return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }
}

extension JobStore {
  /// The job called `id` as it is now; nil where there is none.
  package func view(of id: String, now: Timestamp) throws -> JobView? {
    guard let record = try job(id) else { return nil }
    let tasks = try tasks(of: id)
    let start = record.startedAt
    let before = tasks.filter { task in
      task.state == "completed" && start.map { start in task.startedAt.map { $0 < start } ?? false } ?? false
    }
    return JobView(
      record, progress: JobProgress(tasks: tasks), before: JobProgress(tasks: before),
      failedAttempts: try failedAttempts(of: id).count, nodes: try nodeStates(), now: now)
  }

  /// How far the job called `id` is.
  package func progress(of id: String) throws -> JobProgress { JobProgress(tasks: try tasks(of: id)) }
}
