import BatchScoring
import HTTP
import Modelling
import Telemetry
import Wording

// The settings of a deployment that a request changes for its job.
extension JobRequest {
  mutating func readSettings(_ properties: BodyObject) throws(RequestFault) {
    try add(.miniBatchSize, properties.numberOrText("miniBatchSize"), properties.at("miniBatchSize"))
    try add(.errorThreshold, properties.numberOrText("errorThreshold"), properties.at("errorThreshold"))
    try add(
      .maxConcurrencyPerInstance, properties.numberOrText("maxConcurrencyPerInstance"),
      properties.at("maxConcurrencyPerInstance"))
    try add(.outputFileName, properties.text("outputFileName"), properties.at("outputFileName"))
    try add(.loggingLevel, properties.text("loggingLevel")?.lowercased(), properties.at("loggingLevel"))
    if let retry = try properties.object("retrySettings") {
      try retry.refuseOthers(than: ["maxRetries", "timeout"])
      let retries = try retry.numberOrText("maxRetries")
      if let count = retries.flatMap({ Int($0) }), count > BatchDefaults.mostRetries {
        throw RequestFault("\(retry.at("maxRetries")): \(BatchDefaults.mostRetries) are the most")
      }
      try add(.maxRetries, retries, retry.at("maxRetries"))
      try add(.timeout, try Self.timeout(retry), retry.at("timeout"))
    }
    guard let compute = try properties.object("compute") else { return }
    try compute.refuseOthers(than: [
      "instanceCount", "target", "instanceType", "isLocal", "location", "properties",
    ])
    guard let text = try compute.numberOrText("instanceCount") else { return }
    guard let count = Int(text), count >= 1 else {
      throw RequestFault("\(compute.at("instanceCount")): expected a whole number of at least 1")
    }
    instanceCount = count
  }

  /// Keeps a setting, once a deployment has taken it.
  private mutating func add(_ setting: DeploymentSetting, _ value: String?, _ place: String)
    throws(RequestFault)
  {
    guard let value else { return }
    do throws(ScoringError) {
      var trial = Deployment()
      try setting.apply(value, to: &trial)
    } catch {
      throw RequestFault("\(place): \(error)")
    }
    settings.append(Setting(name: setting.rawValue, value: value))
  }

  /// As ISO 8601 spells durations, `PT30S`, or as Sonde does, `30s`; in the latter form.
  private static func timeout(_ retry: BodyObject) throws(RequestFault) -> String? {
    guard let text = try retry.text("timeout") else { return nil }
    guard let duration = ISODuration.duration(text) ?? Duration(text: text), duration > .zero,
      duration <= BatchDefaults.longestTimeout
    else {
      throw RequestFault("\(retry.at("timeout")): expected a duration such as PT30S, of a day at most")
    }
    return duration.text
  }

  /// `deployment` with these settings. Throws ``ScoringError``.
  package func applied(to deployment: Deployment) throws(ScoringError) -> Deployment {
    var deployment = deployment
    for setting in settings {
      try DeploymentSetting(rawValue: setting.name)?.apply(setting.value, to: &deployment)
    }
    return deployment
  }
}

/// Durations in days, hours, minutes and seconds (ISO 8601): `PT30S`, `P1DT2H`.
enum ISODuration {
  static func duration(_ text: String) -> Duration? {
    guard
      let match = text.wholeMatch(
        of:
          #/P(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})(?:\.([0-9]{1,3}))?S)?)?/#
          .ignoresCase())
    else { return nil }
    let units: [(Substring?, Int64)] = [
      (match.1, 86_400_000), (match.2, 3_600_000), (match.3, 60_000), (match.4, 1000),
    ]
    guard units.contains(where: { $0.0 != nil }) else { return nil }
    var milliseconds: Int64 = 0
    for (digits, size) in units { milliseconds += (digits.flatMap { Int64($0) } ?? 0) * size }
    if let fraction = match.5 {
      milliseconds += Int64("\(fraction)00".prefix(3)) ?? 0
    }
    return .milliseconds(milliseconds)
  }

  /// As ``duration(_:)`` reads it, in whole seconds where it has any: `PT30S`.
  static func text(seconds: Double) -> String {
    let whole = Int(seconds)
    return Double(whole) == seconds ? "PT\(whole)S" : "PT\(seconds)S"
  }
}
