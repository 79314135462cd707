import BatchScoring
import Charts
import ClusterCharts
import Files
import Pages

/// The batch jobs of a run: when they were queued and ran, on which nodes, and what failed.
package enum JobsSection {
  private static let mostJobs = 40
  private static let mostFailures = 40
  private static let mostTasks = 20

  /// Nil where no job was queued. Throws `FileError`, `JSONFileError` and `ScoringError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard let jobs = try RunJobs(run) else { return nil }
    let finding = title(run, jobs)
    guard let svg = JobsChart.svg(jobs.picture(title: finding)) else { return nil }
    var tables = [totals(run), table(jobs)]
    if !jobs.failures.isEmpty { tables.append(failures(jobs)) }
    let slowest = slowestTasks(jobs)
    if !slowest.rows.isEmpty { tables.append(slowest) }
    return PageSection(
      id: "jobs", topic: "How did the jobs go?", finding: finding, notes: notes(run, jobs),
      figures: [PageFigure(svg: svg)], tables: tables.filter { !$0.rows.isEmpty })
  }

  private static func counted(_ count: Double, _ one: String, _ several: String) -> String {
    "\(ChartNumber.short(count)) \(count == 1 ? one : several)"
  }

  private static func title(_ run: FinishedRun, _ jobs: RunJobs) -> String {
    let failed = jobs.jobs.count { $0.state == .failed }
    let open = jobs.jobs.count { !$0.state.isFinal }
    let canceled = jobs.jobs.count { $0.state == .canceled }
    let all = run.number("scoring.jobs") ?? Double(jobs.jobs.count)
    let retries = run.number("scoring.retries") ?? Double(jobs.jobs.reduce(0) { $0 + $1.retries })
    var text = counted(all, "job", "jobs")
    if failed + open + canceled == 0 {
      text += all == 1 ? " completed" : ", all completed"
    } else {
      if failed > 0 { text += ", \(failed) failed" }
      if canceled > 0 { text += ", \(canceled) canceled" }
      if open > 0 { text += ", \(open) without an end" }
    }
    text += retries == 0 ? ", no retry" : ", " + counted(retries, "retry", "retries")
    if let slowest = jobs.jobs.compactMap(RunJobs.duration).max() {
      text +=
        jobs.jobs.count == 1
        ? "; it took \(ChartUnit.seconds.text(slowest))"
        : "; the slowest took \(ChartUnit.seconds.text(slowest))"
    }
    return text
  }

  private static func notes(_ run: FinishedRun, _ jobs: RunJobs) -> [String] {
    var notes: [String] = []
    if let reported = run.number("scoring.jobs"), reported != Double(jobs.jobs.count) {
      notes.append(
        "The report is of \(counted(reported, "job", "jobs")); jobs.sqlite has \(jobs.jobs.count) of the run."
      )
    }
    let timed = jobs.jobs.compactMap { job in RunJobs.duration(job).map { (job.cut.id, $0) } }
    if timed.count > 1,
      let slowest = timed.enumerated().max(by: {
        ($0.element.1, -$0.offset) < ($1.element.1, -$1.offset)
      })?.element
    {
      notes.append("The slowest job was \(slowest.0).")
    }
    if let longest = jobs.jobs.compactMap(RunJobs.wait).max() {
      notes.append("The longest that a job was queued was \(ChartUnit.seconds.text(longest)).")
    }
    return notes
  }

  private static func totals(_ run: FinishedRun) -> PageTable {
    let figures = [
      ("Jobs", "scoring.jobs"), ("Tasks", "scoring.tasks"), ("Retries", "scoring.retries"),
      ("Predictions", "scoring.predictions"), ("Rows that failed", "scoring.failed"),
      ("Windows scored a second", "scoring.windows_per_second"),
      ("Time that nodes were there, in s", "scoring.node_seconds"),
    ]
    return PageTable(
      id: "jobs-totals", caption: "All jobs together", columns: [.init("What"), .init("How much", .number)],
      rows: run.rows(figures))
  }

  private static func number(_ count: Int) -> PageTable.Cell {
    PageTable.Cell(ChartNumber.short(Double(count)), value: Double(count))
  }

  private static func seconds(_ value: Double?) -> PageTable.Cell {
    value.map { PageTable.Cell(ChartNumber.short($0), value: $0) } ?? "–"
  }

  private static func table(_ jobs: RunJobs) -> PageTable {
    PageTable(
      id: "jobs-list", caption: "Jobs: those that failed, then the slowest",
      columns: [
        .init("Job"), .init("Deployment"), .init("State"), .init("Queued, in s", .number),
        .init("Took, in s", .number),
        .init("Tasks", .number), .init("Failed tasks", .number), .init("Retries", .number),
        .init("Predictions", .number),
        .init("Why"),
      ],
      rows: jobs.telling.prefix(mostJobs).map { job in
        [
          PageTable.Cell(job.cut.id), PageTable.Cell(job.deployment), PageTable.Cell(job.state.rawValue),
          seconds(RunJobs.wait(job)),
          seconds(RunJobs.duration(job)), number(job.tasks), number(job.failedTasks), number(job.retries),
          number(job.predictions), PageTable.Cell(job.reason ?? ""),
        ]
      }, total: jobs.jobs.count, isFolded: jobs.jobs.count > 6 && jobs.failures.isEmpty)
  }

  private static func failures(_ jobs: RunJobs) -> PageTable {
    PageTable(
      id: "jobs-failures", caption: "Attempts at tasks that failed",
      columns: [
        .init("Job"), .init("Task", .number), .init("Attempt", .number), .init("Node", .number),
        .init("Worker", .number), .init("After, in s", .number), .init("Why"),
      ],
      rows: jobs.failures.prefix(mostFailures).map { failure in
        let attempt = failure.attempt
        return [
          PageTable.Cell(failure.job), number(attempt.task), number(attempt.attempt),
          attempt.node.map(number) ?? "–", attempt.worker.map(number) ?? "–",
          seconds(attempt.durationMs / 1000),
          PageTable.Cell(attempt.reason),
        ]
      }, total: jobs.failures.count)
  }

  private static func slowestTasks(_ jobs: RunJobs) -> PageTable {
    let completed = jobs.attempts.filter { $0.outcome == .completed }
    let slowest = completed.enumerated().sorted {
      ($0.element.begin - $0.element.end, $0.offset) < ($1.element.begin - $1.element.end, $1.offset)
    }.prefix(mostTasks).map(\.element)
    return PageTable(
      id: "jobs-tasks", caption: "The slowest tasks",
      columns: [
        .init("Job"), .init("Task", .number), .init("Node", .number), .init("Worker", .number),
        .init("Attempt", .number), .init("Took, in s", .number),
      ],
      rows: slowest.map { task in
        [
          PageTable.Cell(task.job), number(task.task), task.node.map(number) ?? "–",
          task.worker.map(number) ?? "–",
          number(task.attempt), seconds(task.end - task.begin),
        ]
      }, total: completed.count, isFolded: true)
  }
}
