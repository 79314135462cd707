import Documents
import Ingestion
import Telemetry
import WindowStore

/// `ingestion:`: the windows, and what becomes of readings that do not fit into them.
extension ScenarioDecoder {
  func ingestion(_ reader: MappingReader) -> IngestionRules {
    let section = reader.mapping("ingestion")
    var rules = IngestionRules(windows: windows(section))
    guard let section else { return rules }
    if let policy = section.choice("late_policy", LatePolicy.self) { rules.latePolicy = policy }
    if let idleAfter = section.duration("idle_after") { rules.idleAfter = idleAfter }
    if section.node("future_limit")?.choice(among: ["off"]) != nil {
      rules.futureLimit = nil
    } else if let limit = section.duration("future_limit") {
      rules.futureLimit = limit
    }
    rules.retain = section.duration("retain")
    rules.retainBytes = section.read("retain_bytes", Schema.Form.size.wanted) { node in
      node.wholeNumber.map(Int.init(exactly:)) ?? node.text.flatMap(QuantityText.bytes)
    }
    for problem in rules.problems {
      let location = section.location(of: problem.setting)
      diagnostics.add(location, "\(problem.setting): \(problem.reason)")
    }
    return rules
  }

  private func windows(_ section: MappingReader?) -> WindowSettings {
    let isSnapshot = section?.node("window")?.choice(among: ["snapshot"]) != nil
    return WindowSettings(
      window: isSnapshot
        ? WindowSettings.snapshot : section?.duration("window") ?? ScenarioDefaults.window,
      hop: section?.duration("hop"), sessionGap: section?.duration("session_gap"),
      outOfOrderness: section?.duration("out_of_orderness", allowsZero: true)
        ?? ScenarioDefaults.outOfOrderness,
      allowedLateness: section?.duration("allowed_lateness", allowsZero: true)
        ?? ScenarioDefaults.allowedLateness)
  }
}
