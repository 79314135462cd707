/// Finds ``TaskTimes`` from measured rounds: non-negative least squares on the workers' own times, and means
/// of middle halves for the rest.
package enum TaskTimesFit {
  /// The least share of the reference's time that a contention may be: a probe that is faster than one job alone is noise.
  private static let leastContention = 1.0

  /// The model of `rounds`, of whose jobs only those of the cells `isTraining` accepts are looked at.
  ///
  /// - Parameter rounds: At the usual speed; see ``Swift/Array/atUsualSpeed``.
  package static func fit(_ rounds: [MeasuredRound], where isTraining: (ClusterCell) -> Bool = { _ in true })
    -> TaskTimes
  {
    let jobs = rounds.flatMap { [$0.reference] + $0.jobs.filter { isTraining($0.cell) } }
    let alone = jobs.filter { $0.workers == 1 }
    // Workers that nothing disturbs first: by what these take, the others show how much they are disturbed.
    var times = TaskTimes(overhead: 0, perRow: 0)
    fitTasks(alone, &times)
    times.slowdown = slowdown(rounds, times)
    if alone.count < jobs.count { fitTasks(jobs, &times) }
    // All of a job's, because a few long ones are what it is made of.
    times.handOver = max(
      0,
      jobs.map { job in
        job.tasks.reduce(0) { $0 + $1.seconds - $1.busySeconds } / Double(max(1, job.tasks.count))
          / times.contention(job.workers)
      }.interquartileMean)
    fitSerialPart(jobs, &times)
    return times
  }

  /// What workers are busy with, from jobs whose contention is known.
  private static func fitTasks(_ jobs: [MeasuredJob], _ times: inout TaskTimes) {
    // Each task of a cell once, by the middle of its rounds: one that was disturbed says nothing of the others.
    let cells = Dictionary(grouping: jobs, by: \.cell)
    var tasks: [MeasuredJob.Task] = []
    for (_, same) in cells.sorted(by: { $0.key.order < $1.key.order }) {
      let contention = times.contention(same[0].workers)
      for index in same[0].tasks.indices {
        var task = same[0].tasks[index]
        let alike = same.filter { $0.tasks.count == same[0].tasks.count }.map { $0.tasks[index] }
        task.busySeconds = alike.map(\.busySeconds).interquartileMean / contention
        task.isFirstOfWorker = alike.count { $0.isFirstOfWorker } * 2 > alike.count
        tasks.append(task)
      }
    }
    let later = tasks.filter { !$0.isFirstOfWorker }
    let fitted = later.count >= 3 ? later : tasks
    let weights = fitted.map { $0.busySeconds > 0 ? 1 / $0.busySeconds : 0 }
    let found = NonNegativeLeastSquares.solve(
      rows: fitted.map { [1, Double($0.work.rows), $0.work.kernels] }, values: fitted.map(\.busySeconds),
      weights: weights)
    if found.count == 3 { (times.overhead, times.perRow, times.perKernel) = (found[0], found[1], found[2]) }
    let firsts = tasks.filter(\.isFirstOfWorker)
    times.firstTask = max(0, firsts.map { $0.busySeconds - times.seconds($0.work) }.interquartileMean)
    times.ratios = ratios(jobs, middles: tasks, times)
  }

  /// How many times as long reference jobs take that run side by side as one alone does by `times`. Between two numbers that were
  /// probed, a straight line.
  private static func slowdown(_ rounds: [MeasuredRound], _ times: TaskTimes) -> [Double] {
    let ratio = times.ratios.reduce(0, +) / Double(times.ratios.count)
    let alone =
      rounds.first?.reference.tasks.reduce(0) { $0 + times.seconds($1.work, isFirst: $1.isFirstOfWorker) }
      ?? 0
    var result = [1.0]
    guard alone * ratio > 0 else { return result }
    for workers in Set(rounds.flatMap { $0.probes.keys }).sorted() where workers > 1 {
      let found = rounds.compactMap { $0.probes[workers] }.map { $0 / (alone * ratio) }
      let (before, last) = (result[result.count - 1], max(leastContention, found.interquartileMean))
      let steps = workers - result.count
      for step in 0..<steps { result.append(before + (last - before) * Double(step + 1) / Double(steps)) }
    }
    return result
  }

  /// The residuals of every task of every round, so scaled that all tasks together take what they took by their middles.
  private static func ratios(_ jobs: [MeasuredJob], middles: [MeasuredJob.Task], _ times: TaskTimes)
    -> [Double]
  {
    func predicted(_ task: MeasuredJob.Task) -> Double {
      times.seconds(task.work, isFirst: task.isFirstOfWorker)
    }
    let all = middles.reduce(0) { $0 + predicted($1) }
    guard all > 0 else { return [1] }
    let measured = middles.reduce(0) { $0 + $1.busySeconds }
    let raw = jobs.flatMap { job in
      let contention = times.contention(job.workers)
      return job.tasks.filter { predicted($0) > 0 }.map { $0.busySeconds / contention / predicted($0) }
    }
    let mean = raw.reduce(0, +) / Double(raw.count)
    guard mean > 0 else { return [1] }
    // In order, so that the same draw means much the same residual in every fit of a bootstrap: what is left of the difference between
    // two predictions is that of their fits.
    return raw.map { $0 / mean * measured / all }.sorted()
  }

  /// What the coordinator does alone: a fixed part before and after the tasks, and a part for every task.
  private static func fitSerialPart(_ jobs: [MeasuredJob], _ times: inout TaskTimes) {
    times.before = jobs.map(\.beforeSeconds).interquartileMean
    let found = NonNegativeLeastSquares.solve(
      rows: jobs.map { [1, Double($0.tasks.count)] }, values: jobs.map(\.afterSeconds),
      weights: jobs.map { $0.afterSeconds > 0 ? 1 / $0.afterSeconds : 0 })
    if found.count == 2 { (times.after, times.serialPerTask) = (found[0], found[1]) }
  }
}

extension ClusterCell {
  /// By which cells are put in order where the order must not depend on a hash.
  package var order: String {
    "\(mode.rawValue) \(target) \(vmSize ?? "") \(tier.rawValue) \(region ?? "") \(coresPerNode) \(nodes) \(minNodes) \(miniBatchSize)"
  }
}
