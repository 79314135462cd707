import BatchScoring
import Compute
import DeviceFleet
import Files
import MQTT
import Telemetry
import Wording

/// The clock as far as the document says it.
struct ClockSection {
  var place: ScenarioFault.Place
  var start: Timestamp?
  var duration: Duration?
  /// Whether there is a `duration`, sound or not.
  var hasDuration: Bool
  var speed: PublishingClock?
}

/// Turns the tree of a document into a ``ScenarioDocument``, or into the faults that keep it from being one.
struct ScenarioDecoder {
  let path: String
  let seed: UInt64?
  let faults: FaultList

  init(path: String, seed: UInt64?, _ check: SchemaCheck) {
    faults = FaultList(check)
    self.path = path
    self.seed = seed
  }

  func decode(_ root: DocumentNode) -> ScenarioDocument? {
    guard let reader = MappingReader(root, ScenarioSchema.scenario, faults) else { return nil }
    let name = name(reader)
    let ownSeed = reader.read("seed", "a whole number from 0 to \(UInt64.max)") {
      $0.wholeNumber.flatMap(UInt64.init(exactly:))
    }
    let seed = self.seed ?? ownSeed ?? ScenarioDefaults.seed
    let about = reader.text("about")
    let broker = broker(reader)
    let publishing = publishing(reader)
    let clock = clock(reader)
    let groups = groups(reader, clock)
    let recipe = recipe(reader)
    let ingestion = ingestion(reader)
    let model = model(reader)
    let scoring = scoring(reader, model)
    let compute = compute(reader, scoring?.compute ?? .local)
    let breaks = breaks(reader, seed: seed)
    let expectations = expectations(reader)
    // Only a source that is sound by itself is built: its own errors would repeat those already found.
    let source =
      faults.isEmpty ? source(reader, clock, seed: seed, groups: groups, recipe: recipe) : nil
    let times = times(source)
    // How long a fleet's clock runs is known even where the fleet is faulty.
    let duration = times?.duration ?? (reader.node("fleet") == nil ? nil : clock.duration)
    if let duration {
      checkTimes(reader, duration, ingestion: ingestion, model: model, scoring: scoring, faults: breaks)
    }
    let obstacle = source.flatMap { ingestionObstacle(to: reader, $0, groups) }
    guard let name, let source, let times, faults.isEmpty else { return nil }
    return ScenarioDocument(
      path: path, name: name, about: about, seed: seed,
      clock: .init(start: times.start, duration: times.duration, speed: clock.speed ?? .max), broker: broker,
      publishing: publishing, ingestionObstacle: obstacle, source: source, ingestion: ingestion, model: model,
      scoring: scoring, compute: compute,
      faults: breaks.map(\.fault).sorted { $0.at < $1.at }, expectations: expectations)
  }

  private func name(_ reader: MappingReader) -> String? {
    guard let name = reader.text("name") else { return nil }
    guard IdentifierRule.accepts(name.utf8) else {
      faults.add(
        reader.place(of: "name"),
        "name: \(name.quoted) would name a folder; use letters, digits, dots, dashes, underscores")
      return nil
    }
    return name
  }

  private func broker(_ reader: MappingReader) -> BrokerAddress? {
    let section = reader.mapping("broker_access")
    guard let text = reader.text("broker") else {
      if let section { faults.add(section.place, "broker_access: there is no broker to log in to") }
      return nil
    }
    guard !BrokerAddress.holdsCredentials(text) else {
      faults.add(
        reader.place(of: "broker"),
        "broker: a name and a password do not belong into the address; write mqtt://host:port, and "
          + "broker_access: { username: …, password_file: … }")
      return nil
    }
    guard var address = BrokerAddress(text) else {
      faults.add(
        reader.place(of: "broker"),
        "broker: expected mqtt://host:port or mqtts://host:port, found \(text.quoted)")
      return nil
    }
    guard let section else { return address }
    func file(_ key: String) -> String? {
      section.text(key).map { resolved($0, section.place(of: key)) }
    }
    address.access = BrokerAccess(
      username: section.text("username"), passwordFile: file("password_file"), authorityFile: file("ca_file"),
      certificateFile: file("cert_file"), keyFile: file("key_file"))
    if let fault = address.access.fault(isEncrypted: address.isEncrypted) {
      faults.add(section.place, "broker_access: \(fault)")
    }
    return address
  }

  private func publishing(_ reader: MappingReader) -> ScenarioDocument.Publishing {
    let section = reader.mapping("publishing")
    return .init(
      connectionRate: section?.number("connection_rate", "a number above zero") { $0 > 0 },
      processes: section?.wholeNumber("processes", minimum: 1))
  }

  /// Why ingestion could not read the fleet. In a scenario that asks for one, that is a fault.
  private func ingestionObstacle(
    to reader: MappingReader, _ source: ScenarioDocument.Source, _ groups: FleetGroups?
  ) -> ScenarioFault? {
    guard case .fleet(let plan) = source, let groups,
      let found = IngestionTrial(plan, groups.groups).obstacle
    else { return nil }
    let obstacle = ScenarioFault(place: groups.places[found.group].group, reason: found.reason)
    if let asking = ["ingestion", "model", "scoring"].first(where: { reader.node($0) != nil }) {
      faults.add(obstacle.place, "the scenario has \(asking), and \(obstacle.reason)")
    }
    return obstacle
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
    faults.add(
      clock.place(of: "speed"), "speed: expected real, max or a factor such as x60, found \(text.quoted)")
    return nil
  }

  /// The target that scoring names; the others are only checked.
  private func compute(_ reader: MappingReader, _ wanted: ComputeSettings.Kind) -> ComputeSettings {
    let standard = ComputeSettings(kind: wanted, nodes: ScenarioDefaults.nodes)
    guard let section = reader.mapping("compute") else { return standard }
    var found = standard
    for kind in ComputeSettings.Kind.allCases {
      guard let target = section.mapping(kind.rawValue) else { continue }
      let settings = target.computeSettings(kind, nodes: ScenarioDefaults.nodes)
      if kind == wanted { found = settings }
    }
    return found
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
        faults.add(place, "\(error.reason) (in \(text.quoted))", suggestion: error.suggestion)
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
