import Wording

/// A place that runs the numbered tasks of a command. It knows nothing of what the tasks do.
///
/// A target is one file: `LocalTarget.swift` runs worker processes on this machine, `SlurmTarget.swift` job arrays.
/// ``ComputeSettings`` names one and makes it.
package protocol ComputeTarget: Sendable {
  /// What people call it, such as `local`.
  var name: String { get }

  /// How many tasks run at a time at most: nodes × cores a node.
  var slots: Int { get }

  /// Begins to bring up what is there whatever there will be to do, for a job of `command` that will follow soon. Returns at
  /// once; that something does not come up shows in ``run(_:report:)``. Called again, it takes note of what has come up since.
  func prepare(for command: WorkerCommand) async

  /// Runs the tasks of `job` and returns when each has succeeded, failed for good or, after ``stop()`` or
  /// ``cancel()``, not been started. `report` is called for every event, in order.
  ///
  /// Throws ``ComputeError`` where no task can be run at all.
  func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
    -> ComputeOutcome

  /// Ends the job that is running at once: workers that are at a task are killed, and ``run(_:report:)`` returns with
  /// `canceled`. The target can be used again. Without a running job nothing happens.
  func cancel() async

  /// Lets running tasks finish where they can be waited for, starts no others, and makes ``run(_:report:)`` return.
  func stop() async

  /// Ends every worker. The target is not used afterwards.
  func shutDown() async

  /// The name of the machine on which a worker is, as of a task that it starts; nil where that is not known.
  func host(ofWorker worker: Int) -> String?
}

extension ComputeTarget {
  /// Nothing: for a target that asks for nodes when there are tasks.
  package func prepare(for command: WorkerCommand) async {}

  package func host(ofWorker worker: Int) -> String? { nil }
}

/// The command that a worker is: an executable and its arguments, speaking the protocol of ``WorkerRequest``.
package struct WorkerCommand: Hashable, Sendable, Codable {
  /// A path; not looked up in `PATH`.
  package var executable: String
  package var arguments: [String]

  package init(executable: String, arguments: [String] = []) {
    self.executable = executable
    self.arguments = arguments
  }
}

/// The numbered tasks of one command.
package struct ComputeJob: Hashable, Sendable {
  /// For logs and messages.
  package var name: String
  /// What every request carries, usually the path of a file that describes the job to the worker.
  package var input: String
  package var worker: WorkerCommand
  /// The numbers of the tasks to run, in this order; after an interruption, those that are missing.
  package var tasks: [Int]
  package var retry: RetrySettings

  package init(
    name: String, input: String, worker: WorkerCommand, tasks: [Int], retry: RetrySettings = RetrySettings()
  ) {
    self.name = name
    self.input = input
    self.worker = worker
    self.tasks = tasks
    self.retry = retry
  }
}

/// What happened while a job ran.
package enum ComputeEvent: Hashable, Sendable {
  /// Something that a person should know about the target.
  case notice(String)
  case workerStarted(worker: Int, node: Int)
  case workerExited(worker: Int, node: Int, reason: String)
  case taskStarted(task: Int, attempt: Int, worker: Int, node: Int)
  case taskSucceeded(task: Int, attempt: Int, counts: TaskCounts, duration: Duration)
  /// The attempt failed and another will follow.
  case taskRetried(task: Int, attempt: Int, reason: String, duration: Duration)
  /// The last attempt failed.
  case taskFailed(task: Int, attempt: Int, reason: String, duration: Duration)
}

/// How a job ended.
package struct ComputeOutcome: Hashable, Sendable {
  package enum Ending: Hashable, Sendable {
    /// Every task has succeeded or failed for good.
    case finished
    /// ``ComputeTarget/stop()`` was called.
    case stopped
    /// ``ComputeTarget/cancel()`` was called.
    case canceled
    /// Workers do not start: why.
    case gaveUp(reason: String)
  }

  package var ending: Ending
  package var succeeded: Int
  package var failed: Int
  package var retries: Int
  /// Tasks that were never started, or not tried again.
  package var notRun: Int

  package init(ending: Ending, succeeded: Int, failed: Int, retries: Int, notRun: Int) {
    self.ending = ending
    self.succeeded = succeeded
    self.failed = failed
    self.retries = retries
    self.notRun = notRun
  }
}

/// A compute target that cannot run anything: what is wrong and what to do.
package struct ComputeError: Hashable, ExitingError {
  package let description: String
  /// Whether something outside is missing (a package, a cluster), rather than the settings being wrong.
  package let isUnavailable: Bool

  package var exitStatus: ExitStatus { isUnavailable ? .unavailable : .usage }

  package init(_ description: String, isUnavailable: Bool = false) {
    self.description = description
    self.isUnavailable = isUnavailable
  }
}
