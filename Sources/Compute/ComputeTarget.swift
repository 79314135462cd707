/// A place that runs the numbered tasks of a command. It knows nothing of what the tasks do.
///
/// A target is one file: `LocalTarget.swift` runs worker processes on this machine, `SlurmTarget.swift` job arrays.
/// ``ComputeSettings`` names one and makes it.
public protocol ComputeTarget: Sendable {
  /// What people call it, such as `local`.
  var name: String { get }

  /// How many tasks run at a time at most: nodes × cores a node.
  var slots: Int { get }

  /// Begins to bring up what is there whatever there will be to do, for a job of `command` that will follow soon. Returns at
  /// once; that something does not come up shows in ``run(_:report:)``.
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
}

extension ComputeTarget {
  /// Nothing: for a target that asks for nodes when there are tasks.
  public func prepare(for command: WorkerCommand) async {}
}

/// The command that a worker is: an executable and its arguments, speaking the protocol of ``WorkerRequest``.
public struct WorkerCommand: Hashable, Sendable, Codable {
  /// A path; not looked up in `PATH`.
  public var executable: String
  public var arguments: [String]

  public init(executable: String, arguments: [String] = []) {
    self.executable = executable
    self.arguments = arguments
  }
}

/// The numbered tasks of one command.
public struct ComputeJob: Hashable, Sendable {
  /// For logs and messages.
  public var name: String
  /// What every request carries, usually the path of a file that describes the job to the worker.
  public var input: String
  public var worker: WorkerCommand
  /// The numbers of the tasks to run, in this order; after an interruption, those that are missing.
  public var tasks: [Int]
  public var retry: RetrySettings

  public init(
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
public enum ComputeEvent: Hashable, Sendable {
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
public struct ComputeOutcome: Hashable, Sendable {
  public enum Ending: Hashable, Sendable {
    /// Every task has succeeded or failed for good.
    case finished
    /// ``ComputeTarget/stop()`` was called.
    case stopped
    /// ``ComputeTarget/cancel()`` was called.
    case canceled
    /// Workers do not start: why.
    case gaveUp(reason: String)
  }

  public var ending: Ending
  public var succeeded: Int
  public var failed: Int
  public var retries: Int
  /// Tasks that were never started, or not tried again.
  public var notRun: Int

  public init(ending: Ending, succeeded: Int, failed: Int, retries: Int, notRun: Int) {
    self.ending = ending
    self.succeeded = succeeded
    self.failed = failed
    self.retries = retries
    self.notRun = notRun
  }
}

/// A compute target that cannot run anything: what is wrong and what to do.
public struct ComputeError: Error, Hashable, CustomStringConvertible {
  public let description: String
  /// Whether something outside is missing (a package, a cluster), rather than the settings being wrong.
  public let isUnavailable: Bool

  public init(_ description: String, isUnavailable: Bool = false) {
    self.description = description
    self.isUnavailable = isUnavailable
  }
}
