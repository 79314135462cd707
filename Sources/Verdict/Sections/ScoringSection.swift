import BatchScoring
import Telemetry

/// `scoring`: the batch jobs of a run, all together.
package struct ScoringSection: ReportSection {
  package let jobs: [JobRecord]
  let nodes: NodeUsage

  /// Nil where there was no job.
  init?(_ judged: JudgedFolder?) {
    guard let judged, !judged.jobs.isEmpty else { return nil }
    jobs = judged.jobs
    nodes = judged.nodes
  }

  /// The time that jobs ran, one after the other.
  var seconds: Double {
    jobs.reduce(0) { total, job in
      // Between its attempts, a job does not run.
      guard job.attempts.count < 2 else { return total + job.attempts.reduce(0) { $0 + ($1.seconds ?? 0) } }
      guard let started = job.startedAt, let ended = job.endedAt else { return total }
      return total + (ended - started).seconds
    }
  }
  package var predictions: Int { jobs.reduce(0) { $0 + $1.predictions } }
  package var failedRows: Int { jobs.reduce(0) { $0 + $1.failedRows } }
  package var windowsPerSecond: Double? { seconds > 0 ? Double(predictions) / seconds : nil }

  /// From when each node was asked for to when it had gone.
  var nodeSeconds: Double? {
    let ends = nodes.lives.compactMap(\.to) + jobs.compactMap(\.endedAt)
    return nodes.lives.isEmpty ? nil : ends.max().map { nodes.seconds(at: $0) }
  }

  package static let fields: [ReportField<Self>] = [
    .count("jobs", "Batch jobs.") { $0.jobs.count },
    .count("tasks", "Their tasks.") { $0.jobs.reduce(0) { $0 + $1.tasks } },
    .count("retries", "Attempts at tasks that failed and were made again.") {
      $0.jobs.reduce(0) { $0 + $1.retries }
    },
    .count("predictions", "Rows of prediction files.") { $0.predictions },
    .count("failed", "Rows that could not be scored.") { $0.failedRows },
    .measured("windows_per_second", "Predictions by the time that jobs ran.") { $0.windowsPerSecond },
    .measured("node_seconds", "From when each node was asked for to when it had gone.") { $0.nodeSeconds },
  ]
}
