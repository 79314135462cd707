import BatchScoring
import Compute
import Documents
import Modelling
import OneClassSVM
import Telemetry
import Wording

/// What scenarios and endpoint files say in the same words.
extension MappingReader {
  func features() -> [Aggregate]? {
    guard let nodes = list("features") else { return nil }
    if nodes.isEmpty { diagnostics.add(location(of: "features"), "features: a model needs at least one") }
    var features: [Aggregate] = []
    for node in nodes {
      guard let name = Self.choice(node, "features", ScenarioSchema.features, diagnostics),
        let feature = Aggregate(rawValue: name)
      else { continue }
      if features.contains(feature) {
        diagnostics.add(node.location, "features: \(name.quoted) is given twice")
      } else {
        features.append(feature)
      }
    }
    return features
  }

  func gamma() -> String? {
    guard let node = node("gamma") else { return nil }
    if let name = node.choice(among: ScenarioSchema.gammas) { return name }
    return number("gamma", "scale, auto or a number above 0") { $0 > 0 }.map { String($0) }
  }

  func threshold() -> String? {
    guard let node = node("threshold") else { return nil }
    if let name = node.choice(among: ScenarioSchema.thresholds) { return name }
    return number("threshold", Threshold.wanted) { _ in true }.map { String($0) }
  }

  func nu() -> Double? { number("nu", Nu.wanted, where: Nu.range.contains) }

  func miniBatchSize() -> MiniBatchSize? {
    read("mini_batch_size", "auto or \(MiniBatchSize.leastDevices.wanted)") {
      if $0.choice(among: ["auto"]) != nil { return .auto }
      return $0.wholeNumber.flatMap(Int.init(exactly:)).flatMap(MiniBatchSize.leastDevices.accepted)
        .map { .devices($0) }
    }
  }

  func retrySettings() -> RetrySettings {
    var settings = RetrySettings()
    guard let retry = mapping("retry_settings") else { return settings }
    if let count = retry.wholeNumber("max_retries") { settings.maxRetries = count }
    if let timeout = retry.duration("timeout") { settings.timeout = timeout }
    return settings
  }

  /// The size of the compute target `kind`, whose mapping this is.
  func computeSettings(_ kind: ComputeSettings.Kind, nodes standard: Int) -> ComputeSettings {
    let cores = wholeNumber("cores_per_node") ?? 1
    let nodes = wholeNumber("nodes")
    let most = wholeNumber("max_instances")
    let fewest = wholeNumber("min_instances")
    let idle = duration("idle_time_before_scale_down", allowsZero: true)
    if nodes != nil, most != nil {
      diagnostics.add(location(of: "max_instances"), "nodes and max_instances exclude each other; give one")
    }
    guard let most else {
      for key in ["min_instances", "idle_time_before_scale_down"] where node(key) != nil {
        diagnostics.add(location(of: key), "\(key): only a target with max_instances scales")
      }
      return ComputeSettings(kind: kind, nodes: nodes ?? standard, coresPerNode: cores)
    }
    if let fewest, fewest > most {
      diagnostics.add(
        location(of: "min_instances"), "min_instances: more than max_instances, which is \(most)")
    }
    return ComputeSettings(
      kind: kind, coresPerNode: cores,
      scale: AutoscaleSettings(
        minInstances: min(fewest ?? ComputeDefaults.minInstances, most), maxInstances: most,
        idleTimeBeforeScaleDown: idle ?? ComputeDefaults.idleTimeBeforeScaleDown))
  }
}
