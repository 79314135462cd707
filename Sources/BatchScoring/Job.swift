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

  /// The job that a schedule fires at `fire`.
  public init(after: Timestamp, fire: Timestamp) {
    id = Self.id(of: fire)
    self.after = after
    through = fire
  }

  /// The job of everything after `after`.
  public init(closingAfter after: Timestamp) {
    id = "closing"
    self.after = after
    through = nil
  }

  /// The job that scores what failed in the job of `cut` again.
  public init(failedRowsOf cut: JobCut) {
    id = "\(cut.id)-again"
    after = cut.after
    through = cut.through
    failedRowsOf = cut.id
  }

  init(id: String, after: Timestamp, through: Timestamp?, failedRowsOf: String? = nil) {
    self.failedRowsOf = failedRowsOf
    self.id = id
    self.after = after
    self.through = through
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
}
