import Compute
import Telemetry

/// One cell of a sweep in the simulator: its cluster, and the tasks that the planner cuts for it.
package struct CellSimulation: Sendable {
  /// One course of the job.
  package struct Draw: Sendable {
    package var makespanSeconds: Double
    /// How long nodes were there, all together.
    package var nodeSeconds: Double
    package var lives: [NodeLife]
    /// Whether all tasks were done: a job on nodes that were taken away may not have been.
    package var isComplete: Bool
  }

  package var cell: ClusterCell
  package var cluster: SimulatedCluster
  package var tasks: [TaskWork]

  package init(cell: ClusterCell, cluster: SimulatedCluster, tasks: [TaskWork]) {
    self.cell = cell
    self.cluster = cluster
    self.tasks = tasks
  }

  private var windows: Int { tasks.reduce(0) { $0 + $1.rows } }

  /// The job with the task times of `times`, on a cluster whose fewest nodes are up. The same seed gives the same course.
  package func draw(_ times: TaskTimes, seed: UInt64) -> Draw {
    var simulator = ClusterSimulator(cluster, seed: seed)
    let course = TaskCourse(tasks, times, seed: seed)
    simulator.warmUp()
    let result = simulator.run(course.job(cluster.retry)) { course.time($0) }
    simulator.finish()
    // What came before the job is not its own.
    let lives = simulator.takeLives().compactMap { $0.since(result.begin) }
    return Draw(
      makespanSeconds: result.makespan.seconds,
      nodeSeconds: lives.reduce(0) { $0 + ($1.end - $1.begin).seconds }, lives: lives,
      isComplete: result.isComplete)
  }

  /// The row of the cell: the median of a draw for each of `models`, with the interval that holds 95% of them. Nil where no draw
  /// has done all of its tasks.
  ///
  /// - Parameter models: The fits of a bootstrap, or the same model as often as it is to be drawn.
  package func row(_ models: [TaskTimes], seed: UInt64) -> (row: ClusterRow?, completed: Int) {
    let draws = models.enumerated().map { draw($1, seed: seed &+ UInt64($0)) }.filter(\.isComplete)
    guard !draws.isEmpty else { return (nil, 0) }
    let spans = draws.map(\.makespanSeconds)
    let median = spans.median
    let typical = draws.min { abs($0.makespanSeconds - median) < abs($1.makespanSeconds - median) }
    let row = ClusterRow(
      cell: cell, repeats: draws.count, makespanSeconds: median, makespanLowSeconds: spans.quantile(0.025),
      makespanHighSeconds: spans.quantile(0.975), windows: windows,
      nodeHours: draws.map(\.nodeSeconds).median / 3600, lives: typical?.lives ?? [])
    return (row, draws.count)
  }
}

/// The times of the tasks of one job, each with a residual of its own.
package final class TaskCourse: Sendable {
  private let seconds: [Double]
  private let firstTask: [Double]
  private let times: TaskTimes

  /// - Parameter seed: Draws the residuals.
  package init(_ tasks: [TaskWork], _ times: TaskTimes, seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: RandomStream.taskResiduals)
    var seconds: [Double] = []
    var firstTask: [Double] = []
    for task in tasks {
      let ratio =
        times.ratios.count == 1 ? times.ratios[0] : times.ratios[random.index(below: times.ratios.count)]
      seconds.append(times.seconds(task) * ratio)
      firstTask.append(times.firstTask * ratio)
    }
    (self.seconds, self.firstTask, self.times) = (seconds, firstTask, times)
  }

  package func job(_ retry: RetrySettings) -> ClusterSimulator.Job {
    ClusterSimulator.Job(
      tasks: seconds.count, before: .nanoseconds(ClusterSimulator.nanoseconds(times.before)),
      after: .nanoseconds(
        ClusterSimulator.nanoseconds(times.after + times.serialPerTask * Double(seconds.count))),
      retry: retry)
  }

  package func time(_ start: ClusterSimulator.Start) -> Duration {
    let work = seconds[start.task] + (start.isFirstOfWorker ? firstTask[start.task] : 0)
    let all = (work + times.handOver) * times.contention(start.busyWorkers)
    return Duration(wholeNanoseconds: ClusterSimulator.nanoseconds(all))
  }
}
