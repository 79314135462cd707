import Compute
import Files
import Modelling
import Telemetry
import Wording

/// Which clock a schedule goes by.
package enum ScheduleClock: String, CaseIterable, Hashable, Sendable, Codable {
  /// Event time: a job fires when the store's watermark has passed its time, so what it scores follows from the readings.
  case watermark
  /// The wall clock: a job fires at its time and scores what is visible then.
  case wall
}

/// What happens where a wall-clock job is due and another is still running, in Kubernetes' words.
package enum ConcurrencyPolicy: String, CaseIterable, Hashable, Sendable, Codable {
  /// The new one is skipped; the next one scores what it would have.
  case forbid
  /// Both run.
  case allow
  /// The one that runs is canceled, and the new one scores what it would have.
  case replace
}

/// What happens to wall-clock jobs that were missed while no scheduler was running.
package enum CatchupPolicy: String, CaseIterable, Hashable, Sendable, Codable {
  /// They are left out; the next one that is due scores their windows.
  case none
  /// The last of them runs, and scores the windows of all.
  case last
  /// Each of them runs, one after the other.
  case all
}

/// Everything that `sonde schedule` needs to know beside the run's folder; as JSON in `schedule.json`.
package struct ScheduleConfiguration: Hashable, Sendable, Codable {
  package var deployment: Deployment
  /// Five cron fields; either this or ``everySeconds``.
  package var cron: String?
  package var everySeconds: Double?
  /// Windows visible at this time are not scored. An `every` schedule counts from here.
  package var from: Timestamp
  /// nil where the models are in the folder already.
  package var training: TrainingRange?
  package var compute: ComputeSettings
  package var clock: ScheduleClock
  /// By the wall clock only.
  package var concurrency: ConcurrencyPolicy
  /// By the wall clock only.
  package var catchup: CatchupPolicy

  package init(
    deployment: Deployment = Deployment(), cron: String? = nil, everySeconds: Double? = nil, from: Timestamp,
    training: TrainingRange? = nil, compute: ComputeSettings = ComputeSettings(),
    clock: ScheduleClock = .watermark, concurrency: ConcurrencyPolicy = .forbid,
    catchup: CatchupPolicy = .last
  ) {
    self.deployment = deployment
    self.cron = cron
    self.everySeconds = everySeconds
    self.from = from
    self.training = training
    self.compute = compute
    self.clock = clock
    self.concurrency = concurrency
    self.catchup = catchup
  }

  /// Reads the file at `path`. Throws ``ScoringError`` and `FileError`.
  package init(path: String) throws {
    self = try JSONFile.read(ScheduleConfiguration.self, path)
    if let fault { throw ScoringError("\(path): \(fault)") }
  }

  /// What cannot be: options and scenarios are checked where they are read.
  private var fault: String? {
    let instants = [("from", from), ("training.from", training?.from), ("training.to", training?.to)]
    for (name, instant) in instants {
      if let instant, Timestamp(iso8601: instant.description) != instant {
        return "\(name) is in no year from 0 to 9999"
      }
    }
    let spans = [
      ("deployment.task_timeout_seconds", deployment.taskTimeoutSeconds),
      ("compute.scale.idle_seconds_before_scale_down", compute.scale.idleSecondsBeforeScaleDown),
    ]
    for (name, seconds) in spans where !(seconds >= 0 && seconds <= Self.longestSpanSeconds) {
      return "\(name) is \(seconds), and not between 0 and \(Self.longestSpanSeconds)"
    }
    return deployment.fault.map { "deployment: \($0)" } ?? compute.fault.map { "compute: \($0)" }
  }

  /// A hundred years.
  private static let longestSpanSeconds = 36_500 * 86_400.0

  /// Writes it to `path`, in place of an older one.
  package func write(to path: String) throws { try JSONFile.write(self, to: path) }

  /// Throws ``ScheduleError`` or ``ScoringError``.
  package func schedule() throws -> Schedule {
    switch (cron, everySeconds) {
    case (let cron?, nil): return try Schedule(cron: cron)
    case (nil, let seconds?):
      guard seconds.isFinite, abs(seconds) < 1e12 else {
        throw ScoringError("every \(seconds) s is no interval")
      }
      return try Schedule(every: .milliseconds(Int64(seconds * 1000)), origin: from)
    case (nil, nil): throw ScoringError("a schedule needs either cron or every")
    case (.some, .some): throw ScoringError("a schedule has either cron or every, not both")
    }
  }
}
