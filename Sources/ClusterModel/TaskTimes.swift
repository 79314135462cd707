import Telemetry

/// How long a task takes, and what a job takes besides its tasks: the part of a cluster that is modelled. All times are in seconds.
///
///     task = overhead + rows × perRow + kernels × perKernel [+ firstTask]        on a worker that nothing disturbs
///
/// What a worker does is multiplied by one of ``ratios``, the residuals of the fit, which is drawn anew for every task. That and
/// ``handOver`` are multiplied by ``contention(_:)``, which belongs to this machine and not to a cluster.
package struct TaskTimes: Hashable, Sendable {
  /// What a task takes besides its rows.
  package var overhead: Double
  package var perRow: Double
  package var perKernel: Double
  /// What the first task of a worker takes on top: it reads the job, and opens the store.
  package var firstTask = 0.0
  /// From the end of a worker's work until it begins its next task: messages, and the board.
  package var handOver = 0.0
  /// The coordinator's part before the first task begins, whatever the size: the windows are counted, workers are started.
  package var before = 0.0
  /// The coordinator's part when the last task has ended.
  package var after = 0.0
  /// What each task adds to the coordinator's part.
  package var serialPerTask = 0.0
  /// Measured by predicted, of every task that was fitted; never empty.
  package var ratios: [Double] = [1]
  /// How many times as long work takes while so many workers are at it on this machine; index 0 for one.
  package var slowdown: [Double] = [1]

  /// A cost that somebody has stated.
  package init(overhead: Double, perRow: Double, perKernel: Double = 0) {
    self.overhead = overhead
    self.perRow = perRow
    self.perKernel = perKernel
  }

  /// What `work` takes on a worker that nothing disturbs, and that is at its first task or not.
  package func seconds(_ work: TaskWork, isFirst: Bool = false) -> Double {
    overhead + Double(work.rows) * perRow + work.kernels * perKernel + (isFirst ? firstTask : 0)
  }

  /// How many times as long work takes while `workers` are at it. Beyond what was measured, the last two are drawn out.
  package func contention(_ workers: Int) -> Double {
    guard workers > 1, slowdown.count > 1 else { return slowdown[0] }
    if workers <= slowdown.count { return slowdown[workers - 1] }
    let step = slowdown[slowdown.count - 1] - slowdown[slowdown.count - 2]
    return slowdown[slowdown.count - 1] + Double(workers - slowdown.count) * max(0, step)
  }

  /// The same on a cluster, whose nodes do not share this machine.
  package var withoutContention: TaskTimes {
    var times = self
    times.slowdown = [1]
    return times
  }

  /// The same with every part of a task's time multiplied: for a worker of another speed, and for damage in tests.
  package func scaled(by factor: Double) -> TaskTimes {
    var times = self
    times.overhead *= factor
    times.perRow *= factor
    times.perKernel *= factor
    times.firstTask *= factor
    return times
  }
}
