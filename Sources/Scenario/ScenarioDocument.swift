import BatchScoring
import ClusterModel
import Compute
import DeviceFleet
import Documents
import Files
import Foundation
import Ingestion
import MQTT
import Modelling
import PayloadMapping
import Sparkplug
import Telemetry
import Verdict
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

  /// What it was read from.
  package let text: ScenarioText
  /// Of the form of an id: it names the run's folder.
  package let name: String
  package let about: String?
  package let seed: UInt64
  /// All seeds that it is to be run with; nil where it is one run.
  package let seeds: SeedList?
  package let clock: Clock
  /// Nil: the run starts its own.
  package let broker: BrokerAddress?
  /// Which version of MQTT is spoken with the broker; nil where nothing is said.
  package let mqtt: ProtocolChoice?
  package let publishing: Publishing
  /// Why ingestion cannot read what the fleet publishes; nil where it can. `simulate` publishes it all the same.
  package let ingestionObstacle: Diagnostic?
  /// Expectations of what nothing in this scenario measures. `simulate` and `schedule` do not mind.
  package let unfilledExpectations: [Diagnostic]
  package let source: Source
  package let ingestion: IngestionRules
  /// How ingestion reads payloads; nil where they are canonical, or SenML.
  package let payload: PayloadMapping?
  /// How it reads Sparkplug B; nil where payloads are none of that.
  package let sparkplug: SparkplugSettings?
  /// Nil together with ``scoring``: the run ends with the windows.
  package let model: Model?
  package let scoring: Scoring?
  /// Nil where ``model`` says how windows are scored.
  package let deployments: ScenarioDeployments?
  /// The compute target that scores.
  package let compute: ComputeSettings
  /// Other sizes of the cluster; nil where the scenario looks at none.
  package let clusters: SweepSettings?
  /// Sizes that are to be measured and do not fit this machine.
  package let tooLargeSizes: [Diagnostic]
  /// The scoring service and its load; nil where the scenario serves nothing.
  package let serving: ServingSettings?
  /// Scoring inside the stream; nil where the scenario asks for none.
  package let streamScoring: StreamScoringSettings?
  /// In order of time.
  package let faults: [FaultSpecification]
  package let expectations: [Expectation]
  /// Whether expectations are judged; false where `expect` is `none`.
  package let isJudged: Bool
  /// A load that climbs until something gives; nil where the scenario asks for none.
  package let climb: LoadClimb?
  /// The stages of the load: one where it has no profile.
  package let loadStages: LoadStages

  /// Reads the scenario at `path`, with the values of `--set` in place of the file's and `seed` in place of its seed.
  ///
  /// A recording that the scenario names is read too. Throws ``Diagnostics`` with everything that is wrong, and
  /// `FileError` where the file itself cannot be read.
  package static func load(_ path: String, overrides: [String] = [], seed: UInt64? = nil) throws
    -> ScenarioDocument
  {
    try parse(ScenarioText(path: path, text: TextFile.text(of: path), overrides: overrides, seed: seed))
  }

  /// As ``load(_:overrides:seed:)``, from what was read before.
  package static func parse(_ text: ScenarioText) throws -> ScenarioDocument {
    var root: DocumentNode
    do {
      root = try DocumentNode.parse(text.text, path: text.path)
      for override in text.overrides { try DocumentOverride(override).apply(to: &root) }
    } catch let diagnostic as Diagnostic {
      throw Diagnostics([diagnostic])
    }
    let decoder = ScenarioDecoder(text, SchemaCheck(root, ScenarioSchema.scenario))
    guard let document = decoder.decode(root), decoder.diagnostics.isEmpty else {
      throw Diagnostics(decoder.diagnostics.all)
    }
    return document
  }

  /// The scenario with so many steps of its climb: what a climb has published that ended there. Throws ``Diagnostics``.
  package func climbed(steps: Int) throws -> ScenarioDocument {
    try Self.parse(text.with(override: "capacity.steps=\(steps)"))
  }

  /// Throws ``Diagnostics`` where an expectation could never hold.
  package func checkExpectations() throws {
    let all = tooLargeSizes + unfilledExpectations
    if !all.isEmpty { throw Diagnostics(all) }
  }

  /// Throws ``Diagnostics`` where ingestion could not read what the fleet publishes, or an expectation could never hold.
  package func checkRun() throws {
    let all = [ingestionObstacle].compactMap(\.self) + tooLargeSizes + unfilledExpectations
    if !all.isEmpty { throw Diagnostics(all) }
  }

  /// The topics that ingestion subscribes to.
  package var topicFilter: String {
    // Both say themselves what to subscribe to.
    guard payload == nil, sparkplug == nil else { return "" }
    return source.messages.groups.first?.style.topic.filter ?? TelemetryTopic.filter
  }

  /// What the scheduler needs to know; nil where the scenario scores nothing.
  package var scheduleConfiguration: ScheduleConfiguration? {
    guard let model, let scoring else { return nil }
    if let deployments { return scheduleConfiguration(of: deployments.scheduled) }
    var settings = model.settings
    settings.seed = seed
    return scheduleConfiguration(
      of: Deployment(
        layout: model.layout, model: settings, miniBatchSize: scoring.miniBatchSize,
        maxRetries: scoring.retry.maxRetries, taskTimeoutSeconds: scoring.retry.timeout.seconds,
        errorThreshold: scoring.errorThreshold))
  }

  /// The windows that models learn from; nil where the scenario scores nothing.
  package var trainingRange: TrainingRange? {
    model.map {
      TrainingRange(from: clock.start + $0.trainOn.lowerBound, to: clock.start + $0.trainOn.upperBound)
    }
  }

  /// What a scheduler needs to know that scores with `deployment`; nil where the scenario scores nothing.
  package func scheduleConfiguration(of deployment: Deployment) -> ScheduleConfiguration? {
    guard let scoring else { return nil }
    // Models from elsewhere are as they are.
    let training = deployment.models == nil ? trainingRange : nil
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
