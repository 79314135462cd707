import Ingestion
import Telemetry
import WindowStore

/// `ingestion:`: the windows, and what becomes of readings that do not fit into them.
extension ScenarioDecoder {
  func ingestion(_ reader: MappingReader) -> ScenarioDocument.Ingestion {
    guard let section = reader.mapping("ingestion") else { return .init(settings: windows(nil)) }
    var ingestion = ScenarioDocument.Ingestion(settings: windows(section))
    ingestion.latePolicy = section.choice("late_policy", LatePolicy.self) ?? .keep
    ingestion.idleAfter = section.duration("idle_after") ?? IngestionDefaults.idleAfter
    if section.node("future_limit")?.choice(among: ["off"]) != nil {
      ingestion.futureLimit = nil
    } else {
      ingestion.futureLimit = section.duration("future_limit") ?? IngestionDefaults.futureLimit
    }
    ingestion.retain = section.duration("retain")
    ingestion.retainBytes = section.read(
      "retain_bytes", "a size of at least \(IngestionDefaults.leastRetainBytes) bytes, such as 500MB"
    ) { node in
      let bytes = node.wholeNumber.map(Int.init(exactly:)) ?? node.text.flatMap(ScenarioUnits.bytes)
      return bytes.flatMap { $0 >= IngestionDefaults.leastRetainBytes ? $0 : nil }
    }
    let settings = ingestion.settings
    if let retain = ingestion.retain,
      retain < settings.window + settings.outOfOrderness + settings.allowedLateness
    {
      faults.add(
        section.place(of: "retain"),
        "retain: shorter than window, out_of_orderness and allowed_lateness together")
    }
    return ingestion
  }

  private func windows(_ section: MappingReader?) -> WindowSettings {
    let isSnapshot = section?.node("window")?.choice(among: ["snapshot"]) != nil
    let window =
      isSnapshot ? WindowSettings.snapshot : section?.duration("window") ?? ScenarioDefaults.window
    let settings = WindowSettings(
      window: window, hop: section?.duration("hop"), sessionGap: section?.duration("session_gap"),
      outOfOrderness: section?.duration("out_of_orderness", allowsZero: true)
        ?? ScenarioDefaults.outOfOrderness,
      allowedLateness: section?.duration("allowed_lateness", allowsZero: true)
        ?? ScenarioDefaults.allowedLateness)
    guard let section else { return settings }
    if settings.hop > window {
      faults.add(section.place(of: "hop"), "hop: longer than the window; readings would fall between")
    } else if window.milliseconds / settings.hop.milliseconds > IngestionDefaults.mostWindowsOfAReading {
      faults.add(
        section.place(of: "hop"),
        "hop: a reading would be in more than \(IngestionDefaults.mostWindowsOfAReading) windows")
    }
    if let gap = settings.sessionGap {
      if section.node("hop") != nil {
        faults.add(section.place(of: "session_gap"), "hop and session_gap exclude each other; give one")
      } else if gap > window {
        faults.add(
          section.place(of: "session_gap"),
          "session_gap: longer than the window, at whose multiples sessions are cut")
      }
    }
    return settings
  }
}
