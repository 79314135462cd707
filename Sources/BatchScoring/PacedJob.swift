import ClusterModel
import Compute
import Files
import Foundation
import Telemetry

/// How long each task of a job waits in place of scoring: so that more workers than this machine has cores can be real processes, on
/// a real board and with real files, in modelled time.
package struct PacedJob: Hashable, Sendable, Codable {
  /// Of every task, on a worker that has done one before.
  package var microseconds: [Int]
  /// What each takes longer as the first of its worker.
  package var firstTaskMicroseconds: [Int]
  package var rows: [Int]

  /// The times that the simulator gives to the same tasks with the same seed.
  package init(_ tasks: [TaskWork], _ times: TaskTimes, seed: UInt64) {
    let course = TaskCourse(tasks, times, seed: seed)
    func microseconds(_ task: Int, isFirst: Bool) -> Int {
      let start = ClusterSimulator.Start(task: task, attempt: 1, isFirstOfWorker: isFirst, busyWorkers: 1)
      return Int(course.time(start) / .microseconds(1))
    }
    self.microseconds = tasks.indices.map { microseconds($0, isFirst: false) }
    firstTaskMicroseconds = tasks.indices.map {
      microseconds($0, isFirst: true) - microseconds($0, isFirst: false)
    }
    rows = tasks.map(\.rows)
  }
}

/// A worker that waits.
package struct PacedWorker {
  private let job: PacedJob
  private var hasWorked = false

  /// Throws `JSONFileError`, `FileError` where the file at `path` is not that of a ``PacedJob``.
  package init(path: String) throws { job = try JSONFile.read(PacedJob.self, path) }

  /// The worker process: answers the requests on standard input until it ends.
  package mutating func run() {
    WorkerLoop.run(isQuiet: true) { try perform($0) }
  }

  /// Waits, and leaves a part without rows, as a task that scores leaves one with.
  private mutating func perform(_ request: WorkerRequest) throws -> TaskCounts {
    let begin = ContinuousClock.now
    guard job.microseconds.indices.contains(request.task) else {
      throw TaskFailure("the job has no task \(request.task) to wait for", retry: false)
    }
    let wait = job.microseconds[request.task] + (hasWorked ? 0 : job.firstTaskMicroseconds[request.task])
    hasWorked = true
    var part = TaskPart()
    let file = try AtomicFileWriter(
      path: JobFolder.part(request.task, of: request.input), survivesPowerCut: false)
    try part.finish(file)
    // What the part has cost is a piece of the wait.
    let rest = Duration.microseconds(wait) - (ContinuousClock.now - begin)
    if rest > .zero { Thread.sleep(forTimeInterval: rest.seconds) }
    return TaskCounts(items: job.rows[request.task], failedItems: 0)
  }
}
