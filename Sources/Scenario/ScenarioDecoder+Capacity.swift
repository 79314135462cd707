import DeviceFleet
import Documents
import Ingestion
import Telemetry

extension ScenarioDecoder {
  /// The climb that the scenario asks for; nil where it asks for none. The clock then has its length, and a schedule.
  func capacity(_ reader: MappingReader, _ clock: inout ClockSection) -> LoadClimb? {
    guard let section = reader.mapping("capacity") else { return nil }
    func fault(_ location: SourceLocation, _ reason: String) {
      diagnostics.add(location, "capacity: \(reason)")
    }
    for key in ["replay", "model", "scoring", "clusters", "serving", "faults"] where reader.node(key) != nil {
      fault(
        reader.location(of: key),
        "a climb measures broker and ingestion alone, and ends where they give; leave “\(key)” out")
    }
    if clock.hasDuration {
      fault(clock.location, "its steps say how long the clock runs; leave duration out")
    }
    clock.hasDuration = true
    if clock.speed == .max {
      fault(clock.location, "under max there is no load to climb; write speed: real, or a factor such as x60")
    }
    let speed = clock.speed ?? .real
    clock.speed = speed
    let from = section.read("from", "a level such as 150%, above zero") {
      $0.text.flatMap(QuantityText.level).flatMap { $0 > 0 ? $0 : nil }
    }
    let bounds = Schema.Bounds.climb
    guard let from else { return nil }
    let climb = LoadClimb(
      from: from,
      ratio: section.number("ratio", bounds.wanted, where: bounds.contains) ?? ScenarioDefaults.climbRatio,
      steps: section.wholeNumber("steps") ?? ScenarioDefaults.climbSteps,
      length: section.duration("for") ?? ScenarioDefaults.climbStep,
      rest: section.duration("rest") ?? ScenarioDefaults.climbRest,
      latency: section.duration("latency") ?? ScenarioDefaults.climbLatency)
    if case .scaled(let factor) = speed {
      func check(_ key: String, _ time: Duration, _ least: Duration, _ what: String) {
        guard time.seconds / factor < least.seconds else { return }
        fault(
          section.location(of: key),
          "\(what) takes \(Duration.milliseconds(Int64(time.seconds / factor * 1000)).text) of wall time, "
            + "and at least \(least.text) are needed")
      }
      check("for", climb.length, ScenarioDefaults.shortestClimbStep, "a step")
      check("rest", climb.rest, ScenarioDefaults.shortestClimbRest, "a rest")
    }
    clock.duration = climb.duration
    return climb
  }

  /// A climb may end after each step, and windows must not be cut short then.
  func checkWindows(_ reader: MappingReader, _ climb: LoadClimb, _ ingestion: IngestionRules) {
    let windows = ingestion.windows
    let step = climb.length + climb.rest
    guard reader.node("ingestion") != nil, windows.sessionGap == nil, windows.window > .zero,
      step.milliseconds % max(1, windows.window.milliseconds) != 0
    else { return }
    diagnostics.add(
      location(reader, "ingestion", "window"),
      "capacity: a step and its rest, \(step.text), are not a whole number of windows")
  }
}
