import Telemetry

/// Where a job stands, in the words of Azure ML.
package enum JobState: String, CaseIterable, Hashable, Sendable, Codable {
  case queued, provisioning, running, finalizing, completed, failed, canceled

  /// Whether nothing more will happen to it.
  package var isFinal: Bool { self == .completed || self == .failed || self == .canceled }
}

/// Which window revisions a job scores: those that became visible after `after` and not after `through`. The cuts of
/// a deployment's jobs follow each other without gap or overlap, so each revision is in exactly one job, and which one
/// depends on the readings alone.
package struct JobCut: Hashable, Sendable, Codable {
  /// Readable, and the same in every run: `2026-01-01T15-00-00Z`.
  package var id: String
  package var after: Timestamp
  /// The fire time; nil for the job that closes a finished stream and takes all that is left.
  package var through: Timestamp?
  /// The job whose failed rows alone are scored; nil for all rows of the cut.
  package var failedRowsOf: String?
  /// When a wall-clock schedule fired it; nil for others.
  package var firedAt: Timestamp?

  /// The job that a schedule fires at `fire`.
  package init(after: Timestamp, fire: Timestamp) {
    id = Self.id(of: fire)
    self.after = after
    through = fire
  }

  /// The job that a wall-clock schedule fires at `firedAt`, of everything that is visible at `through`.
  package init(after: Timestamp, through: Timestamp, firedAt: Timestamp) {
    id = Self.id(of: firedAt)
    self.after = after
    self.through = through
    self.firedAt = firedAt
  }

  /// The job of everything after `after`.
  package init(closingAfter after: Timestamp) {
    id = "closing"
    self.after = after
    through = nil
  }

  /// The job that scores what failed in the job of `cut` again.
  package init(failedRowsOf cut: JobCut) {
    id = Self.id(after: cut.id)
    after = cut.after
    through = cut.through
    failedRowsOf = cut.id
  }

  init(
    id: String, after: Timestamp, through: Timestamp?, failedRowsOf: String? = nil, firedAt: Timestamp? = nil
  ) {
    self.failedRowsOf = failedRowsOf
    self.firedAt = firedAt
    self.id = id
    self.after = after
    self.through = through
  }

  /// The name of the job that does again what the job called `id` did: `…-again`, `…-again-2`, `…-again-3`.
  private static func id(after id: String) -> String {
    guard let match = id.wholeMatch(of: /(.+-again)(?:-([0-9]+))?/) else { return "\(id)-again" }
    return "\(match.1)-\((match.2.flatMap { Int($0) } ?? 1) + 1)"
  }

  /// The instant without the characters that a file name should not have: `2026-01-01T15-00-00Z`.
  static func id(of fire: Timestamp) -> String {
    let text = fire.description.replacing(":", with: "-")
    return text.replacing(".000Z", with: "Z").replacing(".", with: "-")
  }
}

/// What jobs.sqlite knows of a job.
package struct JobRecord: Hashable, Sendable, Codable {
  package var cut: JobCut
  package var deployment: String
  /// The endpoint of the deployment; nil where there is none.
  package var endpoint: String?
  package var state: JobState
  package var tasks = 0
  package var failedTasks = 0
  package var retries = 0
  /// Rows of the prediction file.
  package var predictions = 0
  /// Rows of `failed.csv`.
  package var failedRows = 0
  /// How many alarms its anomalous windows are, those of a device that are neighbours being one; nil where an earlier version has
  /// run it, and until it has completed.
  package var alarms: Int?
  /// Why it failed; of one that has completed, how many of its rows failed and why most of them did.
  package var reason: String?
  /// Wall-clock times; of the last attempt, where there were several.
  package var queuedAt: Timestamp
  package var startedAt: Timestamp?
  package var endedAt: Timestamp?
  /// Its attempts in order, where they were asked for: see ``JobStore/jobs()``.
  package var attempts: [JobAttempt] = []
  /// The machines that tasks of it have run on, likewise.
  package var hosts: [String] = []
  /// What the nodes of the compute target cost while it ran: the time that each was there; nil where it is not known.
  package var nodeSeconds: Double?
  /// Of completed tasks: how long they took, and how long workers were at them. The rest is overhead.
  package var taskSeconds: Double?
  package var busySeconds: Double?
  /// Rows × support vectors, and what a row costs besides, of all tasks; see ``MiniBatchPlan``.
  package var weight: Int?
  /// The job that scores its windows in its place.
  package var replacedBy: String?
  /// Whether a scheduler has been asked to run what it has left undone.
  package var isRerunQueued = false

  package init(
    cut: JobCut, deployment: String, endpoint: String? = nil, state: JobState, queuedAt: Timestamp,
    startedAt: Timestamp? = nil
  ) {
    self.cut = cut
    self.deployment = deployment
    self.endpoint = endpoint
    self.state = state
    self.queuedAt = queuedAt
    self.startedAt = startedAt
  }
}

/// One attempt at a job: from taking it up until it has ended, or was interrupted. A rerun is another one.
package struct JobAttempt: Hashable, Sendable, Codable {
  package enum State: String, Hashable, Sendable, Codable {
    case running, completed, failed, canceled
    /// Somebody has stopped the coordinator.
    case stopped
    /// The coordinator has gone without a word; when it was last heard of is the end.
    case interrupted
  }

  /// From 1.
  package var attempt: Int
  package var state: State
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
  package var seconds: Double?

  package init(attempt: Int, state: State, startedAt: Timestamp, endedAt: Timestamp?) {
    self.attempt = attempt
    self.state = state
    self.startedAt = startedAt
    self.endedAt = endedAt
    seconds = endedAt.map { Double(($0 - startedAt).milliseconds) / 1000 }
  }
}

/// What jobs.sqlite knows of an attempt that failed.
package struct FailedAttempt: Hashable, Sendable, Codable {
  package var task: Int
  /// From 1.
  package var attempt: Int
  package var worker: Int?
  package var node: Int?
  /// The machine; nil where the target does not know it, or an earlier version has written this.
  package var host: String?
  /// Wall-clock times; nil where an earlier version has written it.
  package var startedAt: Timestamp?
  package var endedAt: Timestamp?
  package var durationMs: Double
  package var reason: String
}

extension FailedAttempt {
  /// When an attempt ended; nil where that is not known.
  static func end(_ start: Timestamp?, _ durationMs: Double?) -> Timestamp? {
    guard let start, let durationMs else { return nil }
    return start + .milliseconds(Int64(durationMs.rounded()))
  }
}

/// What jobs.sqlite knows of a task.
package struct TaskRecord: Hashable, Sendable, Codable {
  package var task: Int
  package var devices: Int
  /// `queued`, `running`, `completed`, `failed` or `canceled`.
  package var state: String
  package var attempts: Int
  package var worker: Int?
  package var node: Int?
  /// The machine of the last attempt; nil where the target does not know it, or an earlier version has written this.
  package var host: String?
  package var rows: Int
  package var failedRows: Int
  /// When the last attempt started, by the wall clock; nil where none has, or where an earlier version has written it.
  package var startedAt: Timestamp?
  /// When it ended; nil as long as it has not.
  package var endedAt: Timestamp?
  /// Of the last attempt, from giving the task out to hearing of its end.
  package var durationMs: Double?
  /// How long the worker says it was at the last attempt; nil where it does not say, and until the task is done.
  package var busyMs: Double?
  /// Of the last attempt that failed.
  package var reason: String?

  package init(
    task: Int, devices: Int, state: String, attempts: Int, worker: Int?, node: Int?, host: String? = nil,
    rows: Int, failedRows: Int, startedAt: Timestamp? = nil, durationMs: Double?, busyMs: Double? = nil,
    reason: String?
  ) {
    self.task = task
    self.devices = devices
    self.state = state
    self.attempts = attempts
    self.worker = worker
    self.node = node
    self.host = host
    self.rows = rows
    self.failedRows = failedRows
    self.startedAt = startedAt
    self.durationMs = durationMs
    endedAt = FailedAttempt.end(startedAt, durationMs)
    self.busyMs = busyMs
    self.reason = reason
  }
}
