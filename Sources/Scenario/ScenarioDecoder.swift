import BatchScoring
import DeviceFleet
import Files
import MQTT
import Telemetry

/// The clock as far as the document says it.
struct ClockSection {
  var place: ScenarioFault.Place
  var start: Timestamp?
  var duration: Duration?
  /// Whether there is a `duration`, sound or not.
  var hasDuration: Bool
  var speed: PublishingClock?
}

/// A part that breaks, and where the document says when.
struct PlacedFault {
  var fault: ScenarioDocument.Fault
  var place: ScenarioFault.Place
}

/// Turns the tree of a document into a ``ScenarioDocument``, or into the faults that keep it from being one.
struct ScenarioDecoder {
  let path: String
  let seed: UInt64?
  let faults = FaultList()

  init(path: String, seed: UInt64?) {
    self.path = path
    self.seed = seed
  }

  func decode(_ root: DocumentNode) -> ScenarioDocument? {
    guard let reader = MappingReader(root, ScenarioSchema.scenario, faults) else { return nil }
    let name = name(reader)
    let seed = self.seed ?? reader.wholeNumber("seed", minimum: 0).map { UInt64($0) } ?? ScenarioDefaults.seed
    let about = reader.text("about")
    let broker = broker(reader)
    let clock = clock(reader)
    let groups = groups(reader, clock)
    let recipe = recipe(reader)
    let ingestion = ingestion(reader)
    let model = model(reader)
    let scoring = scoring(reader, model)
    let compute = compute(reader)
    let breaks = breaks(reader)
    let expectations = expectations(reader)
    // Only a source that is sound by itself is built: its own errors would repeat those already found.
    let source =
      faults.faults.isEmpty ? source(reader, clock, seed: seed, groups: groups, recipe: recipe) : nil
    let times = times(source)
    // How long a fleet's clock runs is known even where the fleet is faulty.
    let duration = times?.duration ?? (reader.node("fleet") == nil ? nil : clock.duration)
    if let duration {
      checkTimes(reader, duration, ingestion: ingestion, model: model, scoring: scoring, faults: breaks)
    }
    guard let name, let source, let times, faults.faults.isEmpty else { return nil }
    return ScenarioDocument(
      path: path, name: name, about: about, seed: seed,
      clock: .init(start: times.start, duration: times.duration, speed: clock.speed ?? .max), broker: broker,
      source: source, ingestion: ingestion, model: model, scoring: scoring, localCompute: compute,
      faults: breaks.map(\.fault).sorted { $0.at < $1.at }, expectations: expectations)
  }

  private func name(_ reader: MappingReader) -> String? {
    guard let name = reader.text("name") else { return nil }
    guard IdentifierRule.accepts(name.utf8) else {
      faults.add(
        reader.place(of: "name"),
        "name: “\(name)” would name a folder; use letters, digits, dots, dashes, underscores")
      return nil
    }
    return name
  }

  private func broker(_ reader: MappingReader) -> BrokerAddress? {
    guard let text = reader.text("broker") else { return nil }
    if let address = BrokerAddress(text) { return address }
    faults.add(reader.place(of: "broker"), "broker: expected mqtt://host:port, found “\(text)”")
    return nil
  }

  private func clock(_ reader: MappingReader) -> ClockSection {
    guard let section = reader.mapping("clock") else {
      return ClockSection(place: reader.place, hasDuration: false)
    }
    return ClockSection(
      place: section.place, start: section.instant("start"), duration: section.duration("duration"),
      hasDuration: section.node("duration") != nil, speed: speed(section))
  }

  private func speed(_ clock: MappingReader) -> PublishingClock? {
    guard let text = clock.text("speed") else { return nil }
    if let speed = PublishingClock(text) { return speed }
    faults.add(clock.place(of: "speed"), "speed: expected real, max or a factor such as x60, found “\(text)”")
    return nil
  }

  private func compute(_ reader: MappingReader) -> ScheduleConfiguration.Local {
    let local = reader.mapping("compute")?.mapping("local")
    let standard = ScenarioDefaults.localCompute
    return .init(
      nodes: local?.wholeNumber("nodes", minimum: 1) ?? standard.nodes,
      coresPerNode: local?.wholeNumber("cores_per_node", minimum: 1) ?? standard.coresPerNode)
  }

  private func breaks(_ reader: MappingReader) -> [PlacedFault] {
    (reader.list("faults") ?? []).compactMap { node in
      guard let entry = MappingReader(node, ScenarioSchema.fault, faults) else { return nil }
      let at = entry.duration("at", allowsZero: true)
      let kill = entry.choice("kill", ScenarioDocument.Fault.Part.self)
      guard let at, let kill else { return nil }
      return PlacedFault(fault: .init(at: at, kill: kill), place: entry.place(of: "at"))
    }
  }

  private func expectations(_ reader: MappingReader) -> [Expectation] {
    (reader.list("expect") ?? []).compactMap { node -> Expectation? in
      guard let text = node.text, !node.isNull else {
        faults.add(node.place, "expect: expected text such as readings.lost == 0, found \(node.summary)")
        return nil
      }
      do throws(ExpectationError) {
        return try Expectation(text)
      } catch {
        // In quoted text a character may be written as several.
        let place = node.plainText == nil ? node.place : node.place.advanced(by: error.offset)
        faults.add(place, "\(error.reason) (in “\(text)”)", suggestion: error.suggestion)
        return nil
      }
    }
  }

  private func source(
    _ reader: MappingReader, _ clock: ClockSection, seed: UInt64, groups: FleetGroups?, recipe: ReplayRecipe?
  ) -> ScenarioDocument.Source? {
    if let groups {
      guard let duration = clock.duration else { return nil }
      do {
        return .fleet(
          try FleetPlan(
            seed: seed, start: clock.start ?? ScenarioDefaults.start, duration: duration,
            groups: groups.groups))
      } catch {
        faults.add(groups.place(of: error), error.reason)
        return nil
      }
    }
    guard let recipe else { return nil }
    do {
      return .replay(try ReplaySource(recipe, start: clock.start, duration: clock.duration))
    } catch {
      faults.add(reader.place(of: "replay"), "replay: \(error)")
      return nil
    }
  }

  /// The clock, as far as it is known: of a recording only once it has been read.
  private func times(
    _ source: ScenarioDocument.Source?
  ) -> (start: Timestamp, duration: Duration)? {
    switch source {
    case .fleet(let plan): (plan.start, plan.duration)
    case .replay(let recording): (recording.start, recording.duration)
    case nil: nil
    }
  }
}
