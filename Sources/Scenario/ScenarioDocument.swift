import BatchScoring
import Compute
import DeviceFleet
import Files
import Foundation
import Ingestion
import MQTT
import Telemetry
import WindowStore

/// A scenario that has been read and found possible: the plan of a run.
public struct ScenarioDocument: Sendable {
  /// Event time.
  public struct Clock: Hashable, Sendable {
    public var start: Timestamp
    public var duration: Duration
    /// How fast event time passes.
    public var speed: PublishingClock

    public var end: Timestamp { start + duration }
  }

  /// Where the messages come from.
  public enum Source: Sendable {
    case fleet(FleetPlan)
    case replay(ReplaySource)

    public var messages: any MessageSource {
      switch self {
      case .fleet(let plan): plan
      case .replay(let recording): recording
      }
    }
  }

  /// How the fleet connects.
  public struct Publishing: Hashable, Sendable {
    /// Connections a second, all processes together; nil: as many as can be.
    public var connectionRate: Double?
    /// Nil: as many as file descriptors ask for.
    public var processes: Int?
  }

  /// Windows and lateness.
  public struct Ingestion: Hashable, Sendable {
    /// What the windows mean.
    public var settings: WindowSettings
    public var latePolicy = LatePolicy.keep
    /// How far ahead of every clock a time may lie; nil believes all.
    public var futureLimit: Duration? = IngestionDefaults.futureLimit
    public var idleAfter = IngestionDefaults.idleAfter
    /// How much event time behind the fleet's time is kept; nil keeps everything.
    public var retain: Duration?
    /// How large the store may become; nil: as large as it likes.
    public var retainBytes: Int?

    /// The options of `sonde ingest` that say the same.
    var arguments: [String] {
      func text(_ duration: Duration) -> String { "\(duration.milliseconds)ms" }
      var arguments = [
        "--window", text(settings.window), "--out-of-orderness", text(settings.outOfOrderness),
        "--lateness", text(settings.allowedLateness), "--late-policy", latePolicy.rawValue,
        "--idle-after", text(idleAfter), "--future-limit", futureLimit.map(text) ?? "off",
      ]
      if settings.hop != settings.window { arguments += ["--hop", text(settings.hop)] }
      if let gap = settings.sessionGap { arguments += ["--session-gap", text(gap)] }
      if let retain { arguments += ["--retain", text(retain)] }
      if let retainBytes { arguments += ["--retain-bytes", "\(retainBytes)"] }
      return arguments
    }
  }

  /// The one-class SVMs.
  public struct Model: Hashable, Sendable {
    public var layout: ModelLayout
    public var settings: ModelSettings
    /// Offsets from the start of the clock. Windows that lie wholly inside are learnt from.
    public var trainOn: ClosedRange<Duration>
  }

  /// What starts a job, in event time.
  public enum Trigger: Hashable, Sendable {
    /// Five fields, UTC.
    case cron(String)
    /// Each time this has passed since ``Scoring/from``.
    case every(Duration)
  }

  /// The scheduled batch job.
  public struct Scoring: Hashable, Sendable {
    /// Offset from the start of the clock. Windows that begin here or later are scored.
    public var from: Duration
    public var trigger: Trigger
    public var miniBatchSize: MiniBatchSize
    /// How many rows may fail before a job is ended as failed; -1 for any number.
    public var errorThreshold = ScoringDefaults.errorThreshold
    public var retry = RetrySettings()
    /// Which of the compute targets.
    public var compute: ComputeSettings.Kind
  }

  /// Something that breaks.
  public struct Fault: Sendable {
    /// Offset from the start of the clock.
    public var at: Duration
    let kind: any PipelineFault.Type
    public var target: FaultTarget
    /// How long it lasts, in wall-clock time; zero where it does not.
    public var length = Duration.zero
    /// How far a clock steps.
    public var by = Duration.zero
    /// Whether a broker saves its state before it is killed.
    public var saved = false

    /// The kind, as scenarios spell it.
    public var name: String { kind.name }

    /// As a scenario would say it.
    public var text: String {
      var parts = ["at: \(at.text)", "\(name): \(target.rawValue)"]
      if length > .zero { parts.append("for: \(length.text)") }
      if by != .zero { parts.append("by: \(by.text)") }
      if saved { parts.append("saved: true") }
      return "{ \(parts.joined(separator: ", ")) }"
    }
  }

  /// The file it was read from.
  public let path: String
  /// Of the form of an id: it names the run's folder.
  public let name: String
  public let about: String?
  public let seed: UInt64
  public let clock: Clock
  /// Nil: the run starts its own.
  public let broker: BrokerAddress?
  public let publishing: Publishing
  /// Why ingestion cannot read what the fleet publishes; nil where it can. `simulate` publishes it all the same.
  public let ingestionObstacle: ScenarioFault?
  public let source: Source
  public let ingestion: Ingestion
  /// Nil together with ``scoring``: the run ends with the windows.
  public let model: Model?
  public let scoring: Scoring?
  /// The compute target that scores.
  public let compute: ComputeSettings
  /// In order of time.
  public let faults: [Fault]
  public let expectations: [Expectation]

  /// Reads the scenario at `path`, with the values of `--set` in place of the file's and `seed` in place of its seed.
  ///
  /// A recording that the scenario names is read too. Throws ``ScenarioFaults`` with everything that is wrong, and
  /// `FileError` where the file itself cannot be read.
  public static func load(_ path: String, overrides: [String] = [], seed: UInt64? = nil) throws
    -> ScenarioDocument
  {
    try parse(TextFile.text(of: path), path: path, overrides: overrides, seed: seed)
  }

  /// As ``load(_:overrides:seed:)``, from the text of a file; `path` is for messages and for files named
  /// relative to it.
  public static func parse(
    _ text: String, path: String, overrides: [String] = [], seed: UInt64? = nil
  ) throws -> ScenarioDocument {
    var root: DocumentNode
    do {
      root = try DocumentNode.parse(text, path: path)
      for override in overrides { try ScenarioOverride(override).apply(to: &root) }
    } catch let fault as ScenarioFault {
      throw ScenarioFaults([fault])
    }
    let decoder = ScenarioDecoder(path: path, seed: seed, SchemaCheck(root, ScenarioSchema.scenario))
    guard let document = decoder.decode(root), decoder.faults.isEmpty else {
      throw ScenarioFaults(decoder.faults.faults)
    }
    return document
  }

  /// Throws ``ScenarioFaults`` where ingestion could not read what the fleet publishes.
  public func checkIngestion() throws {
    if let ingestionObstacle { throw ScenarioFaults([ingestionObstacle]) }
  }

  /// The topics that ingestion subscribes to.
  var topicFilter: String { source.messages.groups.first?.style.topic.filter ?? TelemetryTopic.filter }

  /// What the scheduler needs to know; nil where the scenario scores nothing.
  public var scheduleConfiguration: ScheduleConfiguration? {
    guard let model, let scoring else { return nil }
    var settings = model.settings
    settings.seed = seed
    let deployment = Deployment(
      layout: model.layout, model: settings, miniBatchSize: scoring.miniBatchSize,
      maxRetries: scoring.retry.maxRetries, taskTimeoutSeconds: scoring.retry.timeout.seconds,
      errorThreshold: scoring.errorThreshold)
    let training = TrainingRange(
      from: clock.start + model.trainOn.lowerBound, to: clock.start + model.trainOn.upperBound)
    let from = clock.start + scoring.from
    switch scoring.trigger {
    case .cron(let cron):
      return ScheduleConfiguration(
        deployment: deployment, cron: cron, from: from, training: training, compute: compute)
    case .every(let interval):
      return ScheduleConfiguration(
        deployment: deployment, everySeconds: interval.seconds, from: from, training: training,
        compute: compute)
    }
  }
}

/// The values of keys that a scenario leaves out.
enum ScenarioDefaults {
  static let seed: UInt64 = 1
  /// A round date in the recent past of most readers; nothing depends on it.
  static let start = Timestamp(milliseconds: 1_767_225_600_000)
  /// Long enough for the spread of a dozen readings, short enough to find an anomaly soon.
  static let window = Duration.seconds(300)
  /// More than a broker or a slow link reorders.
  static let outOfOrderness = Duration.seconds(30)
  /// A device that was out of reach for one window can still correct it.
  static let allowedLateness = Duration.seconds(300)
  /// Two worker processes: the least that shows that results do not depend on their number.
  static let nodes = 2
  /// The most devices in a scenario, against a slip of the finger.
  static let mostDevices = 1_000_000
  /// The most readings of a fleet: far more than anything publishes, and far less than whole numbers hold.
  static let mostReadings = 1e15
}
