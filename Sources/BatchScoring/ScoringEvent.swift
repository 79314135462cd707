import Telemetry

/// What batch scoring has to tell while it goes on: one JSON object a line on the standard output of `sonde schedule`.
package struct ScoringEvent: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable {
    /// Training has begun.
    case training
    /// Models are there: `models` and `failedModels` are set.
    case trained
    /// `job`, `tasks`, and of them `tasksDone` in an earlier life are set.
    case jobStarted = "job_started"
    /// How far the job is, after each task and, while one takes long, now and then: `job`, `tasks`, `tasksDone` and `rows` are set.
    case progress
    /// An attempt at a task failed: `job` and `reason` are set.
    case retry
    /// Something that a person should know: `reason` is set, and `job` where it is about one.
    case notice
    /// `job`, `tasks`, `rows`, `failedRows`, `retries` and `seconds` are set, and `reason` where rows have failed.
    case jobCompleted = "job_completed"
    /// As ``jobCompleted``, and `reason`.
    case jobFailed = "job_failed"
    /// As ``jobCompleted``; somebody asked for it.
    case jobCanceled = "job_canceled"
    /// The scheduler was told to stop; what is unfinished can be resumed.
    case stopped
    /// The stream has ended and all jobs have; `reason` is set where not everything could be scored.
    case finished
  }

  package var event: Kind
  package var job: String?
  package var tasks: Int?
  package var tasksDone: Int?
  /// Rows scored, failed ones not counted.
  package var rows: Int?
  package var failedRows: Int?
  /// Of a job that has completed: how many alarms it has found.
  package var alarms: Int?
  package var retries: Int?
  package var seconds: Double?
  package var models: Int?
  package var failedModels: Int?
  package var reason: String?
  /// The deployment of a job that starts.
  package var deployment: String?
  /// Of a job that has ended: what its nodes cost.
  package var nodeSeconds: Double?

  private enum CodingKeys: String, CodingKey {
    case event, job, tasks, rows, alarms, retries, seconds, models, reason, deployment
    case tasksDone = "tasks_done"
    case failedRows = "failed_rows"
    case failedModels = "failed_models"
    case nodeSeconds = "node_seconds"
  }

  package init(
    _ event: Kind, job: String? = nil, tasks: Int? = nil, tasksDone: Int? = nil, rows: Int? = nil,
    failedRows: Int? = nil, retries: Int? = nil, seconds: Double? = nil, models: Int? = nil,
    failedModels: Int? = nil, reason: String? = nil,
    deployment: String? = nil, nodeSeconds: Double? = nil
  ) {
    self.event = event
    self.job = job
    self.tasks = tasks
    self.tasksDone = tasksDone
    self.rows = rows
    self.failedRows = failedRows
    self.retries = retries
    self.seconds = seconds
    self.models = models
    self.failedModels = failedModels
    self.reason = reason
    self.deployment = deployment
    self.nodeSeconds = nodeSeconds
  }
}
