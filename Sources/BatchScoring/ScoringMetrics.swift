import Compute
import Files
import Telemetry

/// What a coordinator has done so far, as metrics: events go in, Prometheus' text comes out. Pure.
///
/// Every sample has the label `run`, so that the files of several runs can lie in one folder; a job's name is in the label
/// `batch_job`, because `job` is what Prometheus calls the scrape.
package struct ScoringMetrics: Sendable {
  private var ended: [String: Int] = [:]
  private var rows = 0
  private var failedRows = 0
  private var tasks = 0
  private var retries = 0
  private var seconds = 0.0
  private var lastCompletion: Timestamp?
  private var running: [String: (tasks: Int, done: Int)] = [:]

  private let run: String

  /// - Parameter run: The run, as no other is called that writes into the same folder: the path of its folder.
  package init(run: String) { self.run = run }

  /// Takes an event that happened at `now`, on the wall clock.
  package mutating func add(_ event: ScoringEvent, at now: Timestamp) {
    guard let job = event.job else { return }
    switch event.event {
    case .jobStarted: running[job] = (event.tasks ?? 0, event.tasksDone ?? 0)
    case .progress:
      // Also told while nothing happens.
      let before = running[job]?.done ?? 0
      tasks += max(0, (event.tasksDone ?? 0) - before)
      // Two threads tell of it, and not always in order.
      running[job]?.done = max(before, event.tasksDone ?? 0)
    case .retry: retries += 1
    case .jobCompleted, .jobFailed, .jobCanceled:
      running[job] = nil
      ended[event.event.rawValue.replacing("job_", with: ""), default: 0] += 1
      rows += event.rows ?? 0
      failedRows += event.failedRows ?? 0
      seconds += event.seconds ?? 0
      if event.event == .jobCompleted { lastCompletion = now }
    case .training, .trained, .notice, .stopped, .finished: break
    }
  }

  /// The metrics as text, with the states of `nodes` at `now`.
  package func text(nodes: [NodeStateRecord], at now: Timestamp) -> String {
    typealias Sample = PrometheusText.Sample
    var text = PrometheusText(labels: ["run": run])
    text.add(
      "sonde_scoring_jobs_total", .counter, help: "Batch jobs that have ended, by how.",
      ["completed", "failed", "canceled"].map { Sample(Double(ended[$0] ?? 0), labels: ["state": $0]) })
    text.add(
      "sonde_scoring_rows_total", .counter, help: "Rows of jobs that have ended, by what became of them.",
      [
        Sample(Double(rows), labels: ["outcome": "scored"]),
        Sample(Double(failedRows), labels: ["outcome": "failed"]),
      ])
    text.add("sonde_scoring_tasks_total", .counter, help: "Tasks that were done.", [Sample(Double(tasks))])
    text.add(
      "sonde_scoring_failed_attempts_total", .counter, help: "Attempts at tasks that failed.",
      [Sample(Double(retries))])
    text.add(
      "sonde_scoring_job_seconds_total", .counter, help: "Time that ended jobs took, in seconds.",
      [Sample(seconds)])
    text.add(
      "sonde_scoring_last_completion_timestamp_seconds", .gauge,
      help: "When the last job completed, in seconds since 1970.",
      lastCompletion.map { [Sample(Double($0.milliseconds) / 1000)] } ?? [])
    text.add(
      "sonde_scoring_running_jobs", .gauge, help: "Jobs that run now.", [Sample(Double(running.count))])
    text.add(
      "sonde_scoring_running_job_tasks", .gauge, help: "Tasks of the jobs that run now, by state.",
      running.sorted { $0.key < $1.key }.flatMap { job, counts in
        [
          Sample(Double(counts.done), labels: ["batch_job": job, "state": "done"]),
          Sample(Double(counts.tasks - counts.done), labels: ["batch_job": job, "state": "open"]),
        ]
      })
    let usage = NodeUsage(nodes)
    let present = usage.lives.filter { $0.to == nil }
    text.add(
      "sonde_compute_nodes", .gauge, help: "Nodes of compute targets now, by state.",
      NodeState.allCases.map { state in
        Sample(Double(present.count { $0.state == state }), labels: ["state": state.rawValue])
      })
    text.add(
      "sonde_compute_node_seconds_total", .counter,
      help: "How long nodes were there, all together, in seconds.",
      [Sample(usage.seconds(at: now))])
    return text.text
  }
}
