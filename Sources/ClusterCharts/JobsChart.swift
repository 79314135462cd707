import Charts
import ClusterModel
import Compute

/// The jobs of a run, and by node what was done of them: queued, running, failed attempts, states of nodes.
package enum JobsChart {
  private static let summary =
    "A lane for each job, then for each node: its states, and below them the tasks that its workers were at."
  private static let jobHeight = 18.0
  private static let stateHeight = 16.0
  private static let taskHeight = 20.0

  private static let queued = Gantt.Kind("job-queued", "job queued", .dots, .grey)
  private static let running = Gantt.Kind("job-running", "job running", .level, .green)
  private static let failedJob = Gantt.Kind("job-failed", "job failed", .crossed, .vermillion, isMishap: true)
  private static let canceledJob = Gantt.Kind("job-canceled", "job canceled", .upright, .grey)

  private static func kind(_ outcome: JobsPicture.Attempt.Outcome) -> Gantt.Kind {
    switch outcome {
    case .completed: Gantt.Kind("task-completed", "task", .full, .blue)
    case .failed: Gantt.Kind("task-failed", "failed attempt", .crossed, .vermillion, isMishap: true)
    case .canceled: Gantt.Kind("task-canceled", "canceled task", .upright, .grey)
    case .unfinished: Gantt.Kind("task-unfinished", "task without an end", .rising, .purple)
    }
  }

  private static func kind(_ state: NodeState) -> Gantt.Kind {
    // A node that runs is a strip of another kind than its tasks.
    let (hatch, color): (Hatch, ChartColor) =
      state == .running ? (.level, .blue) : (state.hatch, state.color)
    return Gantt.Kind(
      "node-\(state.rawValue)", "node \(state.rawValue)", hatch, color, isMishap: state.isMishap,
      isBackground: !state.isMishap)
  }

  private static let kinds =
    [queued, running, failedJob, canceledJob] + JobsPicture.Attempt.Outcome.allCases.map { kind($0) }
    + NodeState.allCases.map { kind($0) }

  /// The picture as SVG; nil where there is no job. Equal data give equal bytes.
  package static func svg(_ data: JobsPicture, id: String = "jobs") -> String? {
    guard !data.jobs.isEmpty else { return nil }
    let jobs = Array(data.jobs.prefix(ClusterChartDefaults.mostLanes))
    var lanes = jobs.map(lane)
    let (nodes, note) = nodeLanes(data)
    lanes += nodes
    var sheet = Sheet(id: id, title: data.title, summary: summary, description: description(data))
    Gantt(lanes, axis: "since the first job was queued", mostCuts: ClusterChartDefaults.mostCuts)
      .draw(on: &sheet, kinds: kinds)
    sheet.addNotes([Thinning.note(jobs.count, of: data.jobs.count, "jobs"), note] + data.notes)
    return sheet.text()
  }

  private static func lane(_ job: JobsPicture.Job) -> Gantt.Lane {
    let time = ChartUnit.seconds
    let begin = job.started ?? job.ended ?? job.queued
    var bars = [
      Gantt.Bar(
        queued, job.queued, max(begin, job.queued),
        tooltip: "\(job.name): queued for \(time.text(max(0, begin - job.queued)))")
    ]
    if let started = job.started {
      let end = max(job.ended ?? started, started)
      let kind = job.state == "failed" ? failedJob : job.state == "canceled" ? canceledJob : running
      bars.append(
        Gantt.Bar(kind, started, end, tooltip: "\(job.name): \(job.state), took \(time.text(end - started))"))
    }
    return Gantt.Lane(job.name, bars, height: jobHeight)
  }

  /// Of each node its states, and a lane for each of its workers; of too many nodes those with most failures, then the first.
  private static func nodeLanes(_ data: JobsPicture) -> (lanes: [Gantt.Lane], note: String?) {
    let stretches = LanesOfNodes(data.nodes)
    let attempts = Dictionary(grouping: data.attempts, by: \.node)
    let all = Set(stretches.nodes.map(Optional.some)).union(attempts.keys)
      .sorted { ($0 ?? .max) < ($1 ?? .max) }
    let failures = attempts.mapValues { $0.count { $0.outcome == .failed } }
    let kept = Set(
      all.enumerated()
        .sorted {
          (-failures[$0.element, default: 0], $0.offset) < (-failures[$1.element, default: 0], $1.offset)
        }
        .prefix(ClusterChartDefaults.mostJobNodes).map(\.element))
    let states = Dictionary(uniqueKeysWithValues: zip(stretches.nodes, stretches.all))
    let lanes = all.filter(kept.contains).flatMap { node -> [Gantt.Lane] in
      let name = node.map { "node \($0)" } ?? "node not known"
      let strip = (node.flatMap { states[$0] } ?? []).map { stretch in
        Gantt.Bar(
          kind(stretch.state), stretch.begin, stretch.end,
          tooltip:
            "\(name): \(stretch.state.rawValue), \(ChartUnit.seconds.text(stretch.end - stretch.begin))")
      }
      let workers = Dictionary(grouping: attempts[node] ?? [], by: \.worker)
        .sorted { ($0.key ?? .max) < ($1.key ?? .max) }
      let tasks = workers.map { worker, attempts in
        Gantt.Lane(worker.map { "worker \($0)" } ?? "worker not known", attempts.map(bar), height: taskHeight)
      }
      return [Gantt.Lane(name, strip, height: stateHeight, begins: true)] + tasks
    }
    return (lanes, Thinning.note(kept.count, of: all.count, "nodes"))
  }

  private static func bar(_ attempt: JobsPicture.Attempt) -> Gantt.Bar {
    let time = ChartUnit.seconds.text(max(0, attempt.end - attempt.begin))
    let reason = attempt.reason.map { ": \($0)" } ?? ""
    return Gantt.Bar(
      kind(attempt.outcome), attempt.begin, attempt.end,
      tooltip:
        "\(attempt.job), task \(attempt.task), attempt \(attempt.attempt): \(attempt.outcome.rawValue) after "
        + "\(time)\(reason)")
  }

  private static func description(_ data: JobsPicture) -> String {
    let outcomes = JobsPicture.Attempt.Outcome.allCases.compactMap { outcome -> String? in
      let count = data.attempts.count { $0.outcome == outcome }
      return count > 0 ? "\(count) \(outcome.rawValue)" : nil
    }
    return
      "\(summary) \(data.title). Attempts at tasks: \(outcomes.isEmpty ? "none" : outcomes.joined(separator: ", "))."
  }
}
