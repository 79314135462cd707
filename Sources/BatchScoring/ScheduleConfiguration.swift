import Compute
import Telemetry

/// Everything that `sonde schedule` needs to know beside the run's folder; as JSON in `schedule.json`.
public struct ScheduleConfiguration: Hashable, Sendable, Codable {
  /// Size of the local compute target.
  public struct Local: Hashable, Sendable, Codable {
    public var nodes: Int
    public var coresPerNode: Int

    public init(nodes: Int = 1, coresPerNode: Int = 1) {
      self.nodes = nodes
      self.coresPerNode = coresPerNode
    }
  }

  public var deployment: Deployment
  /// Five cron fields; either this or ``everySeconds``.
  public var cron: String?
  public var everySeconds: Double?
  /// Windows visible at this time are not scored. An `every` schedule counts from here.
  public var from: Timestamp
  /// nil where the models are in the folder already.
  public var training: TrainingRange?
  public var local: Local

  public init(
    deployment: Deployment = Deployment(), cron: String? = nil, everySeconds: Double? = nil, from: Timestamp,
    training: TrainingRange? = nil, local: Local = Local()
  ) {
    self.deployment = deployment
    self.cron = cron
    self.everySeconds = everySeconds
    self.from = from
    self.training = training
    self.local = local
  }

  /// Reads the file at `path`. Throws ``ScoringError`` and `FileError`.
  public init(path: String) throws { self = try JSONFile.read(ScheduleConfiguration.self, path) }

  /// Writes it to `path`, in place of an older one.
  public func write(to path: String) throws { try JSONFile.write(self, to: path) }

  /// Throws ``ScheduleError`` or ``ScoringError``.
  public func schedule() throws -> Schedule {
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
