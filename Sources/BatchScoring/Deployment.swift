import Compute
import Modelling
import OneClassSVM
import Telemetry
import WindowStore
import Wording

/// How many devices a task scores.
package enum MiniBatchSize: Hashable, Sendable, Codable {
  package static let leastDevices = LeastNumber(1)

  /// As many as balance the tasks by rows × support vectors.
  case auto
  /// This many devices, at least 1.
  case devices(Int)

  /// Reads `auto` or a number of at least 1; nil for anything else.
  package init?(_ text: String) {
    if text == "auto" {
      self = .auto
    } else if let count = Int(text).flatMap(Self.leastDevices.accepted) {
      self = .devices(count)
    } else {
      return nil
    }
  }

  /// As ``init(_:)`` reads it.
  package var text: String {
    switch self {
    case .auto: "auto"
    case .devices(let count): String(count)
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try (try? container.decode(Int.self)).map(String.init) ?? container.decode(String.self)
    guard let size = MiniBatchSize(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(text.quoted) is neither auto nor a number of devices")
    }
    self = size
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .auto: try container.encode("auto")
    case .devices(let count): try container.encode(count)
    }
  }
}

/// A way of scoring: which models, with what settings. An endpoint may have several.
package struct Deployment: Hashable, Sendable, Codable {
  package static let leastErrorThreshold = LeastNumber(-1)
  package static let leastConcurrency = LeastNumber(1)

  package var name: String
  /// The endpoint that it belongs to; nil where there is none.
  package var endpoint: String?
  /// The folder of its models; nil for the one of the run.
  package var models: String?
  package var layout: ModelLayout
  /// How one-class SVMs are trained.
  package var model: ModelSettings
  /// The script that it scores with; nil for one-class SVMs.
  package var script: ScoringScript?
  package var miniBatchSize: MiniBatchSize
  package var maxRetries: Int
  /// Of one attempt at one task.
  package var taskTimeoutSeconds: Double
  /// How many rows may fail before the job is ended as failed, as in Azure ML; -1 for any number.
  package var errorThreshold: Int
  package var outputAction: OutputAction
  /// The name of the prediction file in a job's folder.
  package var outputFileName: String
  package var loggingLevel: LoggingLevel
  /// How many tasks run on a node at a time, if fewer than it has cores; nil for one a core.
  package var maxConcurrencyPerInstance: Int?

  package init(
    name: String = "default", endpoint: String? = nil, models: String? = nil,
    layout: ModelLayout = ModelLayout(), model: ModelSettings = ModelSettings(), script: ScoringScript? = nil,
    miniBatchSize: MiniBatchSize = .auto, maxRetries: Int = ComputeDefaults.maxRetries,
    taskTimeoutSeconds: Double = ComputeDefaults.taskTimeout.seconds,
    errorThreshold: Int = ScoringDefaults.errorThreshold,
    outputAction: OutputAction = .appendRow, outputFileName: String = ScoringDefaults.outputFileName,
    loggingLevel: LoggingLevel = .info, maxConcurrencyPerInstance: Int? = nil
  ) {
    self.name = name
    self.endpoint = endpoint
    self.models = models
    self.layout = layout
    self.model = model
    self.script = script
    self.miniBatchSize = miniBatchSize
    self.maxRetries = maxRetries
    self.taskTimeoutSeconds = taskTimeoutSeconds
    self.errorThreshold = errorThreshold
    self.outputAction = outputAction
    self.outputFileName = outputFileName
    self.loggingLevel = loggingLevel
    self.maxConcurrencyPerInstance = maxConcurrencyPerInstance
  }

  /// A job's parts are of one kind, and its prediction file has one name: throws ``ScoringError`` where the job called `id`, which has
  /// begun with `begun`, would go on with others.
  package func refuseToGoOn(with id: String, begunWith begun: Deployment) throws(ScoringError) {
    guard
      (models, script, layout, outputAction, outputFileName)
        != (begun.models, begun.script, begun.layout, begun.outputAction, begun.outputFileName)
    else { return }
    throw ScoringError(
      "job \(id) has begun, and goes on with the models, script, per, features, output_action and output_file_name that it "
        + "began with")
  }

  /// What keeps the settings from being usable, in a sentence; nil where nothing does. Options and documents ask the same bounds one by
  /// one.
  package var fault: String? {
    var counts: [(Int, LeastNumber, DeploymentSetting)] = [
      (maxRetries, RetrySettings.leastRetries, .maxRetries),
      (errorThreshold, Self.leastErrorThreshold, .errorThreshold),
    ]
    if let maxConcurrencyPerInstance {
      counts.append((maxConcurrencyPerInstance, Self.leastConcurrency, .maxConcurrencyPerInstance))
    }
    for (number, least, setting) in counts {
      if let fault = least.fault(number, setting.rawValue) { return fault }
    }
    if let fault = Nu.fault(model.nu) { return fault }
    guard JobFolder.isOutputFileName(outputFileName) else {
      return "output_file_name \(outputFileName.quoted) is no name for a prediction file"
    }
    if script != nil, models != nil { return "models and a scoring script exclude each other" }
    return script?.fault
  }

  var retry: RetrySettings {
    // The worker of a script sees to the time of run() itself, and its script may start first.
    let more =
      script == nil
      ? 0
      : ScriptSetup.startSeconds(runSeconds: taskTimeoutSeconds) + ScoringDefaults.scriptAllowance.seconds
    let seconds = taskTimeoutSeconds + more
    return RetrySettings(maxRetries: maxRetries, timeout: .milliseconds(Int64(seconds * 1000)))
  }
}
