import Telemetry

/// Jobs that begin at equal intervals on one cluster, whose nodes live on between them: a month of a schedule.
package struct JobSeries: Hashable, Sendable {
  /// A month, as clouds bill it.
  package static let month = Duration.seconds(730 * 3600)

  /// From the beginning of a job to that of the next. A job that is still running then is waited for.
  package var interval: Duration
  /// How long the schedule is looked at; the last interval is a whole one.
  package var span: Duration

  package init(interval: Duration, span: Duration = JobSeries.month) {
    precondition(interval > .zero)
    self.interval = interval
    self.span = span
  }

  /// At least 1.
  package var jobs: Int { max(1, Int(span / interval)) }

  /// What became of a series.
  package struct Outcome: Hashable, Sendable {
    package var jobs = 0
    /// Of them, those that were not done to their end.
    package var incompleteJobs = 0
    package var tasks = 0
    /// The longest time from when a job was due to its end, in seconds.
    package var slowestSeconds = 0.0
  }

  /// Runs the jobs of `cell` one after the other. `onLife` is told of every life of a node when it has ended, so that however long
  /// the schedule is, little is kept.
  package func run(
    _ cell: CellSimulation, _ times: TaskTimes, seed: UInt64, onLife: (NodeLife) -> Void
  ) -> Outcome {
    var simulator = ClusterSimulator(cell.cluster, seed: seed)
    let course = TaskCourse(cell.tasks, times, seed: seed)
    let job = course.job(cell.cluster.retry)
    var outcome = Outcome()
    for number in 0..<jobs {
      let due = interval * number
      simulator.rest(until: due)
      let result = simulator.run(job) { course.time($0) }
      outcome.jobs += 1
      outcome.tasks += cell.tasks.count
      if !result.isComplete { outcome.incompleteJobs += 1 }
      outcome.slowestSeconds = max(outcome.slowestSeconds, (result.end - due).seconds)
      for life in simulator.takeLives() { onLife(life) }
    }
    // The nodes that stay are paid for until the end of the last interval.
    simulator.rest(until: interval * jobs)
    simulator.finish()
    for life in simulator.takeLives() { onLife(life) }
    return outcome
  }
}
