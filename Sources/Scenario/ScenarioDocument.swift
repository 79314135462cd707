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
package struct ScenarioDocument: Sendable {
  /// Event time.
  package struct Clock: Hashable, Sendable {
    package var start: Timestamp
    package var duration: Duration
    /// How fast event time passes.
    package var speed: PublishingClock

    package var end: Timestamp { start + duration }
  }

  /// Where the messages come from.
  package enum Source: Sendable {
    case fleet(FleetPlan)
    case replay(ReplaySource)

    package var messages: any MessageSource {
      switch self {
      case .fleet(let plan): plan
      case .replay(let recording): recording
      }
    }
  }

  /// How the fleet connects.
  package struct Publishing: Hashable, Sendable {
    /// Connections a second, all processes together; nil: as many as can be.
    package var connectionRate: Double?
    /// Nil: as many as file descriptors ask for.
    package var processes: Int?
  }

  /// Windows and lateness.
  package struct Ingestion: Hashable, Sendable {
    /// What the windows mean.
    package var settings: WindowSettings
    package var latePolicy = LatePolicy.keep
    /// How far ahead of every clock a time may lie; nil believes all.
    package var futureLimit: Duration? = IngestionDefaults.futureLimit
    package var idleAfter = IngestionDefaults.idleAfter
    /// How much event time behind the fleet's time is kept; nil keeps everything.
    package var retain: Duration?
    /// How large the store may become; nil: as large as it likes.
    package var retainBytes: Int?

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
  package struct Model: Hashable, Sendable {
    package var layout: ModelLayout
    package var settings: ModelSettings
    /// Offsets from the start of the clock. Windows that lie wholly inside are learnt from.
    package var trainOn: ClosedRange<Duration>
  }

  /// What starts a job, in event time.
  package enum Trigger: Hashable, Sendable {
    /// Five fields, UTC.
    case cron(String)
    /// Each time this has passed since ``Scoring/from``.
    case every(Duration)
  }

  /// The scheduled batch job.
  package struct Scoring: Hashable, Sendable {
    /// Offset from the start of the clock. Windows that begin here or later are scored.
    package var from: Duration
    package var trigger: Trigger
    package var miniBatchSize: MiniBatchSize
    /// How many rows may fail before a job is ended as failed; -1 for any number.
    package var errorThreshold = ScoringDefaults.errorThreshold
    package var retry = RetrySettings()
    /// Which of the compute targets.
    package var compute: ComputeSettings.Kind
  }

  /// Something that breaks.
  package struct Fault: Sendable {
    /// Offset from the start of the clock.
    package var at: Duration
    let kind: any PipelineFault.Type
    package var target: FaultTarget
    /// How long it lasts, in wall-clock time; zero where it does not.
    package var length = Duration.zero
    /// How far a clock steps.
    package var by = Duration.zero
    /// Whether a broker saves its state before it is killed.
    package var saved = false

    /// The kind, as scenarios spell it.
    package var name: String { kind.name }

    /// As a scenario would say it.
    package var text: String {
      var parts = ["at: \(at.text)", "\(name): \(target.rawValue)"]
      if length > .zero { parts.append("for: \(length.text)") }
      if by != .zero { parts.append("by: \(by.text)") }
      if saved { parts.append("saved: true") }
      return "{ \(parts.joined(separator: ", ")) }"
    }
  }

  /// The file it was read from.
  package let path: String
  /// Of the form of an id: it names the run's folder.
  package let name: String
  package let about: String?
  package let seed: UInt64
  package let clock: Clock
  /// Nil: the run starts its own.
  package let broker: BrokerAddress?
  package let publishing: Publishing
  /// Why ingestion cannot read what the fleet publishes; nil where it can. `simulate` publishes it all the same.
  package let ingestionObstacle: ScenarioFault?
  package let source: Source
  package let ingestion: Ingestion
  /// Nil together with ``scoring``: the run ends with the windows.
  package let model: Model?
  package let scoring: Scoring?
  /// The compute target that scores.
  package let compute: ComputeSettings
  /// In order of time.
  package let faults: [Fault]
  package let expectations: [Expectation]

  /// Reads the scenario at `path`, with the values of `--set` in place of the file's and `seed` in place of its seed.
  ///
  /// A recording that the scenario names is read too. Throws ``ScenarioFaults`` with everything that is wrong, and
  /// `FileError` where the file itself cannot be read.
  package static func load(_ path: String, overrides: [String] = [], seed: UInt64? = nil) throws
    -> ScenarioDocument
  {
    try parse(TextFile.text(of: path), path: path, overrides: overrides, seed: seed)
  }

  /// As ``load(_:overrides:seed:)``, from the text of a file; `path` is for messages and for files named
  /// relative to it.
  package static func parse(
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
  package func checkIngestion() throws {
    if let ingestionObstacle { throw ScenarioFaults([ingestionObstacle]) }
  }

  /// The topics that ingestion subscribes to.
  var topicFilter: String { source.messages.groups.first?.style.topic.filter ?? TelemetryTopic.filter }

  /// What the scheduler needs to know; nil where the scenario scores nothing.
  package var scheduleConfiguration: ScheduleConfiguration? {
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
