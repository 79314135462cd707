import Files
import Foundation

/// A setting of a deployment by its name, as `--set` and files give it. The names are Azure ML's, where that has one.
public enum DeploymentSetting: String, CaseIterable, Sendable {
  /// The folder of other models. What these see, where their training has left word of it, comes with them.
  case models
  case features
  case miniBatchSize = "mini_batch_size"
  case maxConcurrencyPerInstance = "max_concurrency_per_instance"
  case maxRetries = "retry_settings.max_retries"
  case timeout = "retry_settings.timeout"
  case errorThreshold = "error_threshold"
  case outputAction = "output_action"
  case outputFileName = "output_file_name"
  case loggingLevel = "logging_level"

  /// Puts `text` into `deployment`. Throws ``ScoringError`` where it is no value of this setting.
  ///
  /// - Parameter duration: Reads a duration such as `30s`; nil where it is none.
  public func apply(
    _ text: String, to deployment: inout Deployment, duration: (String) -> Duration?
  ) throws(ScoringError) {
    switch self {
    case .models:
      let folder = try read(text, "a folder of models") {
        Folder.exists($0) ? URL(fileURLWithPath: $0).standardizedFileURL.path : nil
      }
      deployment.models = folder
      if let setup = try? TrainingSetup.read(RunFolder(folder, models: folder)) {
        deployment.layout = setup.layout
      }
    case .features:
      let names = Aggregate.allCases.map(\.rawValue).joined(separator: ", ")
      deployment.layout.features = try read(text, "different names out of \(names), with commas between") {
        let names = $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let features = names.compactMap(Aggregate.init(rawValue:))
        return features.count == names.count && Set(features).count == features.count ? features : nil
      }
    case .miniBatchSize:
      deployment.miniBatchSize = try read(text, "auto or a number of devices of at least 1") {
        MiniBatchSize($0)
      }
    case .maxConcurrencyPerInstance:
      deployment.maxConcurrencyPerInstance = try read(text, "a whole number of at least 1") {
        Self.whole($0, 1)
      }
    case .maxRetries:
      deployment.maxRetries = try read(text, "a whole number of at least 0") { Self.whole($0, 0) }
    case .timeout:
      deployment.taskTimeoutSeconds = try read(text, "a duration above zero, such as 30s") { text in
        duration(text).flatMap { $0 > .zero ? $0.seconds : nil }
      }
    case .errorThreshold:
      deployment.errorThreshold = try read(text, "a number of rows, or -1 for any number") {
        Self.whole($0, -1)
      }
    case .outputAction:
      deployment.outputAction = try read(
        text, OutputAction.allCases.map(\.rawValue).joined(separator: " or ")
      ) {
        OutputAction(rawValue: $0)
      }
    case .outputFileName:
      deployment.outputFileName = try read(
        text,
        "letters, digits, dots, dashes and underscores, beginning with a letter or digit, and none of a job's other files"
      ) { JobFolder.isOutputFileName($0) ? $0 : nil }
    case .loggingLevel:
      deployment.loggingLevel = try read(text, LoggingLevel.allCases.map(\.rawValue).joined(separator: ", "))
      {
        LoggingLevel(rawValue: $0)
      }
    }
  }

  private func read<Value>(_ text: String, _ wanted: String, _ body: (String) -> Value?) throws(ScoringError)
    -> Value
  {
    guard let value = body(text) else {
      throw ScoringError("\(rawValue): expected \(wanted), found “\(text)”")
    }
    return value
  }

  private static func whole(_ text: String, _ minimum: Int) -> Int? {
    Int(text).flatMap { $0 >= minimum ? $0 : nil }
  }
}

extension Deployment {
  /// Carries out `overrides`, each of the form `name=value`. Throws ``ScoringError``.
  public mutating func set(_ overrides: [String], duration: (String) -> Duration?) throws(ScoringError) {
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let setting = DeploymentSetting(rawValue: String(parts[0])) else {
        throw ScoringError(
          "--set “\(override)”: expected NAME=VALUE with one of "
            + DeploymentSetting.allCases.map(\.rawValue).joined(separator: ", "))
      }
      try setting.apply(String(parts[1]), to: &self, duration: duration)
    }
  }
}
