import BatchScoring
import Compute
import Telemetry

/// A job that a request has started, as it was asked for: nothing of it changes afterwards.
package struct BatchJob: Hashable, Sendable, Codable {
  /// Its name in URLs, which the server gives.
  package var name: String
  package var endpoint: String
  /// As it was when the job was asked for, with the settings of the request.
  package var deployment: Deployment
  package var compute: ComputeSettings
  package var request: JobRequest
  package var input: ResolvedInput
  /// Who asked; nil where no key is needed.
  package var client: String?
  /// The idempotency key; nil where there was none.
  package var key: String?
  /// Of the request: see ``JobRequest/digest(of:deployment:)``.
  package var digest: String
  package var createdAt: Timestamp

  package init(
    name: String, endpoint: String, deployment: Deployment, compute: ComputeSettings, request: JobRequest,
    input: ResolvedInput, client: String?, key: String?, digest: String, createdAt: Timestamp
  ) {
    self.name = name
    self.endpoint = endpoint
    self.deployment = deployment
    self.compute = compute
    self.request = request
    self.input = input
    self.client = client
    self.key = key
    self.digest = digest
    self.createdAt = createdAt
  }
}

/// How far a job is. Written by its own process while that lives, and by nobody else.
package struct BatchProgress: Hashable, Sendable, Codable {
  package var state = JobState.queued
  /// How often a process has begun with it.
  package var starts = 0
  /// Its name in the jobs of the run; nil before it has one, and for plain files.
  package var job: String?
  package var tasks = 0
  package var tasksDone = 0
  package var predictions = 0
  package var failedRows = 0
  package var reason: String?
  package var startedAt: Timestamp?
  package var endedAt: Timestamp?

  package init() {}
}

/// What a server knows of a job.
package struct JobEntry: Hashable, Sendable {
  package var job: BatchJob
  package var progress = BatchProgress()
  /// Whether somebody has asked for its end.
  package var isCancelAsked = false
  /// Whether a process is at it.
  package var isAlive = false

  package init(job: BatchJob) { self.job = job }

  /// In Azure's words.
  package var status: String {
    guard !progress.state.isFinal else { return progress.state.rawValue.capitalized }
    if isCancelAsked { return "CancelRequested" }
    // Its process has died, and no other one has taken it up yet.
    if progress.state != .queued, !isAlive { return "NotResponding" }
    return progress.state.rawValue.capitalized
  }

  /// Azure's provisioning state.
  package var provisioningState: String {
    switch progress.state {
    case .completed: "Succeeded"
    case .failed: "Failed"
    case .canceled: "Canceled"
    case .queued, .provisioning, .running, .finalizing: "InProgress"
    }
  }
}
