import Compute
import Documents
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Wording

/// A setting of a deployment by its name, as `--set` and files give it. The names are Azure ML's, where that has one.
package enum DeploymentSetting: String, CaseIterable, Sendable {
  /// The folder of other models. What these see, where their training has left word of it, comes with them.
  case models
  case code = "code_configuration.code"
  case scoringScript = "code_configuration.scoring_script"
  case python = "environment.python"
  case requirements = "environment.requirements"
  case model
  case input
  case memory = "resources.memory"
  case per
  case features
  case nu
  case gamma
  case kernel
  case threshold
  case miniBatchSize = "mini_batch_size"
  case maxConcurrencyPerInstance = "max_concurrency_per_instance"
  case maxRetries = "retry_settings.max_retries"
  case timeout = "retry_settings.timeout"
  case errorThreshold = "error_threshold"
  case outputAction = "output_action"
  case outputFileName = "output_file_name"
  case loggingLevel = "logging_level"

  /// Whether it says how models are trained, and changes nothing about those that are.
  var isOfTraining: Bool { [.nu, .gamma, .kernel, .threshold].contains(self) }

  /// Puts `text` into `deployment`. Throws ``ScoringError`` where it is no value of this setting.
  package func apply(_ text: String, to deployment: inout Deployment) throws(ScoringError) {
    switch self {
    case .models:
      let folder = try read(text, "a folder of models") {
        Folder.exists($0) ? Self.absolute($0) : nil
      }
      deployment.models = folder
      let run = RunFolder(folder, models: folder)
      try run.refuseUnfinishedTraining()
      if let layout = try? ModelLayout.known(of: run) { deployment.layout = layout }
    case .code:
      let folder = try read(text, "a folder") { Folder.exists($0) ? Self.absolute($0) : nil }
      Self.change(&deployment) { $0.code = folder }
    case .scoringScript: Self.change(&deployment) { $0.file = text }
    case .python: Self.change(&deployment) { $0.python = text.contains("/") ? Self.absolute(text) : text }
    case .requirements:
      let file = try read(text, "a file") {
        FileManager.default.isReadableFile(atPath: $0) ? Self.absolute($0) : nil
      }
      Self.change(&deployment) { $0.requirements = file }
    case .model:
      let model = try read(text, "a file or folder") {
        FileManager.default.fileExists(atPath: $0) ? Self.absolute($0) : nil
      }
      Self.change(&deployment) { $0.model = model }
    case .input:
      let input = try read(text, Self.names(of: ScoringScript.Input.self)) {
        ScoringScript.Input(rawValue: $0)
      }
      Self.change(&deployment) { $0.input = input }
    case .memory:
      let bytes = try read(text, "a size of at least \(ScoringScript.leastMemory.minimum) bytes, such as 2GB")
      {
        QuantityText.bytes($0).flatMap(ScoringScript.leastMemory.accepted)
      }
      Self.change(&deployment) { $0.memoryBytes = bytes }
    case .per:
      deployment.layout.per = try read(text, Self.names(of: ModelScope.self)) { ModelScope(rawValue: $0) }
    case .nu:
      deployment.model.nu = try read(text, Nu.wanted) { text in
        Double(text).flatMap { Nu.range.contains($0) ? $0 : nil }
      }
    case .gamma:
      deployment.model.gamma = try read(text, "scale, auto or a number above 0") {
        Gamma($0) == nil ? nil : $0
      }
    case .kernel:
      deployment.model.kernel = try read(text, Self.names(of: KernelFamily.self)) {
        KernelFamily(name: $0) == nil ? nil : $0
      }
    case .threshold:
      deployment.model.threshold = try read(text, Threshold.wanted) {
        Threshold($0) == nil ? nil : $0
      }
    case .features:
      let wanted = "different names out of \(Self.names(of: Aggregate.self)), with commas between"
      deployment.layout.features = try read(text, wanted) {
        let names = $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let features = names.compactMap(Aggregate.init(rawValue:))
        return features.count == names.count && Set(features).count == features.count ? features : nil
      }
    case .miniBatchSize:
      deployment.miniBatchSize = try read(text, "auto or a number of devices of at least 1") {
        MiniBatchSize($0)
      }
    case .maxConcurrencyPerInstance:
      deployment.maxConcurrencyPerInstance = try read(text, Deployment.leastConcurrency)
    case .maxRetries:
      deployment.maxRetries = try read(text, RetrySettings.leastRetries)
    case .timeout:
      deployment.taskTimeoutSeconds = try read(text, "a duration above zero, such as 30s") { text in
        Duration(text: text).flatMap { $0 > .zero ? $0.seconds : nil }
      }
    case .errorThreshold:
      deployment.errorThreshold = try read(text, Deployment.leastErrorThreshold)
    case .outputAction:
      deployment.outputAction = try read(text, Self.names(of: OutputAction.self)) {
        OutputAction(rawValue: $0)
      }
    case .outputFileName:
      deployment.outputFileName = try read(
        text,
        "letters, digits, dots, dashes and underscores, beginning with a letter or digit, and none of a job's other files"
      ) { JobFolder.isOutputFileName($0) ? $0 : nil }
    case .loggingLevel:
      deployment.loggingLevel = try read(text, Self.names(of: LoggingLevel.self)) {
        LoggingLevel(rawValue: $0)
      }
    }
  }

  private static func change(_ deployment: inout Deployment, _ body: (inout ScoringScript) -> Void) {
    var script = deployment.script ?? ScoringScript()
    body(&script)
    deployment.script = script
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private func read<Value>(_ text: String, _ wanted: String, _ body: (String) -> Value?) throws(ScoringError)
    -> Value
  {
    guard let value = body(text) else {
      throw ScoringError("\(rawValue): expected \(wanted), found \(text.quoted)")
    }
    return value
  }

  private static func names<Choice: CaseIterable & RawRepresentable<String>>(of choices: Choice.Type)
    -> String
  {
    choices.allCases.map(\.rawValue).joined(separator: ", ")
  }

  private func read(_ text: String, _ least: LeastNumber) throws(ScoringError) -> Int {
    try read(text, least.wanted) { Int($0).flatMap(least.accepted) }
  }
}

extension Deployment {
  /// Carries out `overrides`, each of the form `name=value`. Throws ``ScoringError``.
  ///
  /// - Parameter trains: Whether models will be trained with it; where they are trained already, settings of training are
  ///   refused.
  package mutating func set(_ overrides: [String], trains: Bool) throws(ScoringError) {
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map(String.init)
      let names = DeploymentSetting.allCases.map(\.rawValue)
      guard parts.count == 2 else {
        throw ScoringError(
          "--set \(override.quoted): expected NAME=VALUE, with one of the names \(names.joined(separator: ", "))"
        )
      }
      guard let setting = DeploymentSetting(rawValue: parts[0]) else {
        let meant = NearestName.of(parts[0], among: names).map { "did you mean \($0.quoted)?" }
        throw ScoringError(
          "--set \(override.quoted): there is no setting \(parts[0].quoted); "
            + (meant ?? "there are \(names.joined(separator: ", "))"))
      }
      guard trains || !setting.isOfTraining else {
        throw ScoringError(
          "--set \(override.quoted): \(parts[0]) says how models are trained, and these are trained already; “sonde train” takes it"
        )
      }
      try setting.apply(parts[1], to: &self)
    }
    // Settings of a script make sense together.
    if let script, let fault = script.fault { throw ScoringError(fault) }
  }
}
