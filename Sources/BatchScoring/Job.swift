import Telemetry

/// Where a job stands, in the words of Azure ML.
public enum JobState: String, CaseIterable, Hashable, Sendable, Codable {
  case queued, provisioning, running, finalizing, completed, failed, canceled

  /// Whether nothing more will happen to it.
  public var isFinal: Bool { self == .completed || self == .failed || self == .canceled }
}

/// Which window revisions a job scores: those that became visible after `after` and not after `through`. The cuts of
/// a deployment's jobs follow each other without gap or overlap, so each revision is in exactly one job, and which one
/// depends on the readings alone.
public struct JobCut: Hashable, Sendable, Codable {
  /// Readable, and the same in every run: `2026-01-01T15-00-00Z`.
  public var id: String
  public var after: Timestamp
  /// The fire time; nil for the job that closes a finished stream and takes all that is left.
  public var through: Timestamp?
  /// The job whose failed rows alone are scored; nil for all rows of the cut.
  public var failedRowsOf: String?
  /// When a wall-clock schedule fired it; nil for others.
  public var firedAt: Timestamp?

  /// The job that a schedule fires at `fire`.
  public init(after: Timestamp, fire: Timestamp) {
    id = Self.id(of: fire)
    self.after = after
    through = fire
  }

  /// The job that a wall-clock schedule fires at `firedAt`, of everything that is visible at `through`.
  public init(after: Timestamp, through: Timestamp, firedAt: Timestamp) {
    id = Self.id(of: firedAt)
    self.after = after
    self.through = through
    self.firedAt = firedAt
  }

  /// The job of everything after `after`.
  public init(closingAfter after: Timestamp) {
    id = "closing"
    self.after = after
    through = nil
  }

  /// The job that scores what failed in the job of `cut` again.
  public init(failedRowsOf cut: JobCut) {
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
public struct JobRecord: Hashable, Sendable, Codable {
  public var cut: JobCut
  public var deployment: String
  /// The endpoint of the deployment; nil where there is none.
  public var endpoint: String?
  public var state: JobState
  public var tasks = 0
  public var failedTasks = 0
  public var retries = 0
  /// Rows of the prediction file.
  public var predictions = 0
  /// Rows of `failed.csv`.
  public var failedRows = 0
  /// Why it failed.
  public var reason: String?
  /// Wall-clock times.
  public var queuedAt: Timestamp
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  /// What the nodes of the compute target cost while it ran: the time that each was there; nil where it is not known.
  public var nodeSeconds: Double?
  /// Of completed tasks: how long they took, and how long workers were at them. The rest is overhead.
  public var taskSeconds: Double?
  public var busySeconds: Double?
  /// Rows × support vectors, and what a row costs besides, of all tasks; see ``MiniBatchPlan``.
  public var weight: Int?
  /// The job that scores its windows in its place.
  public var replacedBy: String?

  public init(
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

/// What jobs.sqlite knows of an attempt that failed.
public struct FailedAttempt: Hashable, Sendable, Codable {
  public var task: Int
  /// From 1.
  public var attempt: Int
  public var worker: Int?
  public var node: Int?
  public var durationMs: Double
  public var reason: String
}

/// What jobs.sqlite knows of a task.
public struct TaskRecord: Hashable, Sendable, Codable {
  public var task: Int
  public var devices: Int
  /// `queued`, `running`, `completed`, `failed` or `canceled`.
  public var state: String
  public var attempts: Int
  public var worker: Int?
  public var node: Int?
  public var rows: Int
  public var failedRows: Int
  public var durationMs: Double?
  /// Of the last attempt that failed.
  public var reason: String?

  public init(
    task: Int, devices: Int, state: String, attempts: Int, worker: Int?, node: Int?, rows: Int,
    failedRows: Int,
    durationMs: Double?, reason: String?
  ) {
    self.task = task
    self.devices = devices
    self.state = state
    self.attempts = attempts
    self.worker = worker
    self.node = node
    self.rows = rows
    self.failedRows = failedRows
    self.durationMs = durationMs
    self.reason = reason
  }
}
