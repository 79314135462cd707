import DeviceFleet
import Files
import Telemetry

/// A scenario that has been read and found possible: the plan of a run.
public struct ScenarioDocument: Sendable {
  /// Event time.
  public struct Clock: Hashable, Sendable {
    public var start: Timestamp
    public var duration: Duration
    public var speed: Speed

    public var end: Timestamp { start + duration }
  }

  /// How fast event time passes.
  public enum Speed: Hashable, Sendable {
    /// So many times as fast as the wall clock; 1 is real time.
    case times(Double)
    /// As fast as the pipeline carries it.
    case max
  }

  /// A foreign broker.
  public struct Broker: Hashable, Sendable {
    public var host: String
    public var port: Int
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

  /// Windows and lateness.
  public struct Ingestion: Hashable, Sendable {
    /// The length of the tumbling windows.
    public var window: Duration
    public var outOfOrderness: Duration
    public var allowedLateness: Duration
  }

  /// What one model covers.
  public enum Granularity: String, CaseIterable, Sendable {
    case device, sensor
  }

  /// An aggregate of a window that a model sees, one a sensor.
  public enum Feature: String, CaseIterable, Sendable {
    case mean, stddev, min, max, count
  }

  /// The kernel of the SVM.
  public enum Kernel: String, CaseIterable, Sendable {
    case rbf, linear, polynomial, sigmoid
  }

  /// The kernel's width.
  public enum Gamma: Hashable, Sendable {
    /// 1 / (features · variance of the training data).
    case scale
    /// 1 / features.
    case auto
    case value(Double)
  }

  /// The one-class SVMs.
  public struct Model: Hashable, Sendable {
    public var per: Granularity
    public var features: [Feature]
    /// Above 0, at most 1.
    public var nu: Double
    public var gamma: Gamma
    public var kernel: Kernel
    /// Offsets from the start of the clock. Windows that lie wholly inside are learnt from.
    public var trainOn: ClosedRange<Duration>
  }

  /// When jobs start, in event time.
  public enum Schedule: Hashable, Sendable {
    /// Five fields, UTC.
    case cron(String)
    /// Each time this has passed since ``Scoring/from``.
    case every(Duration)
  }

  /// The scheduled batch job.
  public struct Scoring: Hashable, Sendable {
    /// Offset from the start of the clock. Windows that begin here or later are scored.
    public var from: Duration
    public var schedule: Schedule
    /// Models a task; nil: chosen by the job.
    public var miniBatchSize: Int?
    /// The name of a compute target.
    public var compute: String
  }

  /// Worker processes on this machine.
  public struct LocalCompute: Hashable, Sendable {
    public var nodes: Int
    public var coresPerNode: Int
  }

  /// Something that breaks.
  public struct Fault: Hashable, Sendable {
    /// A part of the run.
    public enum Part: String, CaseIterable, Sendable {
      case ingestion
    }

    /// Offset from the start of the clock.
    public var at: Duration
    /// The part that is killed and started again.
    public var kill: Part
  }

  /// The file it was read from.
  public let path: String
  /// Of the form of an id: it names the run's folder.
  public let name: String
  public let about: String?
  public let seed: UInt64
  public let clock: Clock
  /// Nil: the run starts its own.
  public let broker: Broker?
  public let source: Source
  public let ingestion: Ingestion
  /// Nil together with ``scoring``: the run ends with the windows.
  public let model: Model?
  public let scoring: Scoring?
  public let localCompute: LocalCompute
  /// In order of time.
  public let faults: [Fault]
  public let expectations: [Expectation]

  /// Reads the scenario at `path`, with the values of `--set` in place of the file's and `seed` in place of its seed.
  ///
  /// A recording that the scenario names is read too; `checkCron` refuses a bad cron expression by throwing an error
  /// whose description says why. Throws ``ScenarioFaults`` with everything that is wrong, and `FileError` where the
  /// file itself cannot be read.
  public static func load(
    _ path: String, overrides: [String] = [], seed: UInt64? = nil, checkCron: (String) throws -> Void
  ) throws -> ScenarioDocument {
    try parse(
      TextFile.text(of: path), path: path, overrides: overrides, seed: seed, checkCron: checkCron)
  }

  /// As ``load(_:overrides:seed:checkCron:)``, from the text of a file; `path` is for messages and for files named
  /// relative to it.
  public static func parse(
    _ text: String, path: String, overrides: [String] = [], seed: UInt64? = nil,
    checkCron: (String) throws -> Void
  ) throws -> ScenarioDocument {
    var root: DocumentNode
    do {
      root = try DocumentNode.parse(text, path: path)
      for override in overrides { try ScenarioOverride(override).apply(to: &root) }
    } catch let fault as ScenarioFault {
      throw ScenarioFaults([fault])
    }
    return try withoutActuallyEscaping(checkCron) { checkCron in
      let decoder = ScenarioDecoder(path: path, seed: seed, checkCron: checkCron)
      guard let document = decoder.decode(root), decoder.faults.faults.isEmpty else {
        throw ScenarioFaults(decoder.faults.faults)
      }
      return document
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
  /// One training window in a hundred may lie outside.
  static let nu = 0.01
  static let features: [ScenarioDocument.Feature] = [.mean, .stddev, .min, .max]
  /// Two worker processes: the least that shows that results do not depend on their number.
  static let localCompute = ScenarioDocument.LocalCompute(nodes: 2, coresPerNode: 1)
  /// MQTT's registered port.
  static let brokerPort = 1883
  /// The most devices in a scenario, against a slip of the finger.
  static let mostDevices = 1_000_000
}
