/// A job that was measured on this machine, as far as the model wants to know: a pure record.
package struct MeasuredJob: Hashable, Sendable {
  package struct Task: Hashable, Sendable {
    package var work: TaskWork
    /// What its worker says that it was at it.
    package var busySeconds: Double
    /// From giving it out to hearing of its end.
    package var seconds: Double
    package var isFirstOfWorker: Bool

    package init(work: TaskWork, busySeconds: Double, seconds: Double, isFirstOfWorker: Bool) {
      self.work = work
      self.busySeconds = busySeconds
      self.seconds = seconds
      self.isFirstOfWorker = isFirstOfWorker
    }
  }

  package var cell: ClusterCell
  /// From the beginning of the job to its end.
  package var makespanSeconds: Double
  /// From the beginning of the job until its first task began.
  package var beforeSeconds: Double
  /// From the end of its last task to the end of the job.
  package var afterSeconds: Double
  /// In the order of their numbers.
  package var tasks: [Task]

  package init(
    cell: ClusterCell, makespanSeconds: Double, beforeSeconds: Double, afterSeconds: Double,
    tasks: [Task]
  ) {
    self.cell = cell
    self.makespanSeconds = makespanSeconds
    self.beforeSeconds = beforeSeconds
    self.afterSeconds = afterSeconds
    self.tasks = tasks
  }

  /// How long nodes were there, all together: a measured cluster has all of them from the job's beginning to its end.
  package var nodeSeconds: Double { Double(cell.nodes) * makespanSeconds }
  package var workers: Int { max(1, min(cell.nodes * cell.coresPerNode, tasks.count)) }
  package var busySeconds: Double { tasks.reduce(0) { $0 + $1.busySeconds } }

  /// With every time divided by `factor`: what it would have been on this machine at its usual speed.
  func slowed(by factor: Double) -> MeasuredJob {
    var job = self
    job.makespanSeconds /= factor
    job.beforeSeconds /= factor
    job.afterSeconds /= factor
    for index in job.tasks.indices {
      job.tasks[index].busySeconds /= factor
      job.tasks[index].seconds /= factor
    }
    return job
  }
}

/// One round of a sweep: every measured cell once, in turns with a reference job and probes of contention.
package struct MeasuredRound: Hashable, Sendable {
  /// On one worker, alone on the machine. What the others are relative to.
  package var reference: MeasuredJob
  /// Reference jobs that ran at the same time: how many, and how long their workers were busy on average, in seconds.
  package var probes: [Int: Double]
  /// Of the other cells.
  package var jobs: [MeasuredJob]

  /// That of the reference, which may be a measured cell as well, and those of the others.
  package var allJobs: [MeasuredJob] { [reference] + jobs }

  package init(reference: MeasuredJob, probes: [Int: Double] = [:], jobs: [MeasuredJob]) {
    self.reference = reference
    self.probes = probes
    self.jobs = jobs
  }
}

extension Array where Element == MeasuredRound {
  /// The rounds as they would have been, had this machine always had its usual speed. How fast it was in a round is the average of what
  /// its jobs say, each by the middle of the same job in all rounds.
  ///
  /// - Parameter isTraining: Whose jobs are looked at, besides those of the reference and the probes.
  package func atUsualSpeed(where isTraining: (ClusterCell) -> Bool = { _ in true }) -> [MeasuredRound] {
    let times = map { round in
      [round.reference.busySeconds] + round.probes.sorted { $0.key < $1.key }.map(\.value)
        + round.jobs.filter { isTraining($0.cell) }.sorted { $0.cell.order < $1.cell.order }.map(
          \.busySeconds)
    }
    let columns = times.map(\.count).min() ?? 0
    let usual = (0..<columns).map { column in times.map { $0[column] }.interquartileMean }
    return zip(self, times).map { round, times in
      let factors = zip(times, usual).filter { $1 > 0 }.map { $0 / $1 }
      let factor = factors.isEmpty ? 1 : factors.reduce(0, +) / Double(factors.count)
      guard factor > 0 else { return round }
      return MeasuredRound(
        reference: round.reference.slowed(by: factor), probes: round.probes.mapValues { $0 / factor },
        jobs: round.jobs.map { $0.slowed(by: factor) })
    }
  }
}
