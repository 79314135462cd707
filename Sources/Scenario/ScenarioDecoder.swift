import BatchScoring
import Compute
import DeviceFleet
import Documents
import Files
import MQTT
import PayloadMapping
import Sparkplug
import Telemetry
import Verdict
import Wording

/// The clock as far as the document says it.
struct ClockSection {
  var location: SourceLocation
  var start: Timestamp?
  var duration: Duration?
  /// Whether there is a `duration`, sound or not.
  var hasDuration: Bool
  var speed: PublishingClock?
}

/// An expectation, and where the document says it.
struct LocatedExpectation {
  var expectation: Expectation
  var location: SourceLocation
}

/// Turns the tree of a document into a ``ScenarioDocument``, or into the diagnostics that say why it is none.
struct ScenarioDecoder {
  let text: ScenarioText
  let diagnostics: DiagnosticList

  init(_ text: ScenarioText, _ check: SchemaCheck) {
    diagnostics = DiagnosticList(check)
    self.text = text
  }

  func decode(_ root: DocumentNode) -> ScenarioDocument? {
    guard let reader = MappingReader(root, ScenarioSchema.scenario, diagnostics) else { return nil }
    let name = name(reader)
    let ownSeed = reader.read("seed", "a whole number from 0 to \(UInt64.max)") {
      $0.wholeNumber.flatMap(UInt64.init(exactly:))
    }
    let ownSeeds = seeds(reader)
    let several = text.seed == nil ? text.seeds ?? ownSeeds : nil
    let seed = text.seed ?? several?.seeds.first ?? ownSeed ?? ScenarioDefaults.seed
    let about = reader.text("about")
    let broker = broker(reader)
    let mqtt = reader.choice("mqtt", ProtocolChoice.self)
    let publishing = publishing(reader)
    var clock = clock(reader)
    let climb = capacity(reader, &clock)
    let groups = groups(reader, clock, climb)
    let recipe = recipe(reader)
    let ingestion = ingestion(reader)
    let sparkplug = sparkplug(reader)
    let payload = sparkplug == nil ? payload(reader) : nil
    let model = model(reader)
    let scoring = scoring(reader, model)
    let deployments = deployments(reader, seed: seed)
    let compute = compute(reader, scoring?.compute ?? .local)
    let clusters = clusters(reader, scoring)
    let serving = serving(reader, deployments, seed: seed)
    let breaks = breaks(reader, seed: seed)
    let streamScoring = streamScoring(reader, deployments, breaks)
    let isJudged = reader.node("expect")?.choice(among: [ScenarioSchema.noExpectation]) == nil
    let expectations = isJudged ? expectations(reader) : []
    // Only a source that is sound by itself is built: its own errors would repeat those already found.
    let source =
      diagnostics.isEmpty ? source(reader, clock, seed: seed, groups: groups, recipe: recipe) : nil
    let times = times(source)
    // How long a fleet's clock runs is known even where the fleet is faulty.
    let duration = times?.duration ?? (reader.node("fleet") == nil ? nil : clock.duration)
    if let climb { checkWindows(reader, climb, ingestion) }
    if let duration {
      checkTimes(reader, duration, ingestion: ingestion, model: model, scoring: scoring, faults: breaks)
    }
    let obstacle = source.flatMap { ingestionObstacle(to: reader, $0, groups, payload, sparkplug) }
    guard let name, let source, let times, diagnostics.isEmpty else { return nil }
    return ScenarioDocument(
      text: text, name: name, about: about, seed: seed,
      seeds: several,
      clock: .init(start: times.start, duration: times.duration, speed: clock.speed ?? .max), broker: broker,
      mqtt: mqtt, publishing: publishing, ingestionObstacle: obstacle,
      unfilledExpectations: unfilled(
        expectations, reader, source, speed: clock.speed ?? .max, deployments: deployments),
      source: source, ingestion: ingestion, payload: payload, sparkplug: sparkplug, model: model,
      scoring: scoring, deployments: deployments, compute: compute, clusters: clusters,
      tooLargeSizes: tooLargeSizes(clusters, reader), serving: serving, streamScoring: streamScoring,
      faults: breaks.map(\.fault).sorted { $0.at < $1.at }, expectations: expectations.map(\.expectation),
      isJudged: isJudged, climb: climb,
      loadStages: climb?.stages ?? LoadStages(groups?.groups ?? [], duration: times.duration))
  }

  private func name(_ reader: MappingReader) -> String? {
    guard let name = reader.text("name") else { return nil }
    guard IdentifierRule.accepts(name.utf8) else {
      diagnostics.add(
        reader.location(of: "name"),
        "name: \(name.quoted) would name a folder; use letters, digits, dots, dashes, underscores")
      return nil
    }
    return name
  }

  private func broker(_ reader: MappingReader) -> BrokerAddress? {
    let section = reader.mapping("broker_access")
    guard let text = reader.text("broker") else {
      if let section { diagnostics.add(section.location, "broker_access: there is no broker to log in to") }
      return nil
    }
    guard !BrokerAddress.holdsCredentials(text) else {
      diagnostics.add(
        reader.location(of: "broker"),
        "broker: a name and a password do not belong into the address; write mqtt://host:port, and "
          + "broker_access: { username: …, password_file: … }")
      return nil
    }
    guard var address = BrokerAddress(text) else {
      diagnostics.add(
        reader.location(of: "broker"),
        "broker: expected mqtt://host:port or mqtts://host:port, found \(text.quoted)")
      return nil
    }
    guard let section else { return address }
    func file(_ key: String) -> String? {
      section.text(key).map { resolved($0, section.location(of: key)) }
    }
    address.access = BrokerAccess(
      username: section.text("username"), passwordFile: file("password_file"), authorityFile: file("ca_file"),
      certificateFile: file("cert_file"), keyFile: file("key_file"))
    if let fault = address.access.fault(isEncrypted: address.isEncrypted) {
      diagnostics.add(section.location, "broker_access: \(fault)")
    }
    return address
  }

  private func publishing(_ reader: MappingReader) -> ScenarioDocument.Publishing {
    let section = reader.mapping("publishing")
    return .init(
      connectionRate: section?.number("connection_rate", "a number above zero") { $0 > 0 },
      processes: section?.wholeNumber("processes"))
  }

  /// Why ingestion could not read the fleet. In a scenario that asks for one, that is a fault.
  private func ingestionObstacle(
    to reader: MappingReader, _ source: ScenarioDocument.Source, _ groups: FleetGroups?,
    _ payload: PayloadMapping?, _ sparkplug: SparkplugSettings?
  ) -> Diagnostic? {
    guard case .fleet(let plan) = source, let groups,
      let found = IngestionTrial(plan, groups.groups, payload: payload, sparkplug: sparkplug).obstacle
    else { return nil }
    let obstacle = Diagnostic(location: groups.locations[found.group].group, reason: found.reason)
    if let asking = ["ingestion", "model", "scoring"].first(where: { reader.node($0) != nil }) {
      diagnostics.add(obstacle.location, "the scenario has \(asking), and \(obstacle.reason)")
    }
    return obstacle
  }

  private func clock(_ reader: MappingReader) -> ClockSection {
    guard let section = reader.mapping("clock") else {
      return ClockSection(location: reader.location, hasDuration: false)
    }
    return ClockSection(
      location: section.location, start: section.instant("start"), duration: section.duration("duration"),
      hasDuration: section.node("duration") != nil, speed: speed(section))
  }

  private func speed(_ clock: MappingReader) -> PublishingClock? {
    guard let text = clock.text("speed") else { return nil }
    if let speed = PublishingClock(text) { return speed }
    diagnostics.add(
      clock.location(of: "speed"), "speed: expected real, max or a factor such as x60, found \(text.quoted)")
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

  private func expectations(_ reader: MappingReader) -> [LocatedExpectation] {
    (reader.list("expect") ?? []).compactMap { node -> LocatedExpectation? in
      guard let text = node.text, !node.isNull else {
        diagnostics.add(
          node.location, "expect: expected text such as readings.lost == 0, found \(node.summary)")
        return nil
      }
      do throws(ExpectationError) {
        return LocatedExpectation(expectation: try Expectation(text), location: node.location)
      } catch {
        // In quoted text a character may be written as several.
        let location = node.plainText == nil ? node.location : node.location.advanced(by: error.offset)
        diagnostics.add(location, "\(error.reason) (in \(text.quoted))", suggestion: error.suggestion)
        return nil
      }
    }
  }

  /// The expectations of what no part of this scenario measures: they could never hold.
  private func unfilled(
    _ expectations: [LocatedExpectation], _ reader: MappingReader, _ source: ScenarioDocument.Source,
    speed: PublishingClock, deployments: ScenarioDeployments?
  ) -> [Diagnostic] {
    var parts: Set<ReportPart> = []
    if speed != .max { parts.insert(.schedule) }
    if reader.node("faults") != nil { parts.insert(.faults) }
    if reader.node("replay") != nil { parts.insert(.replay) }
    if reader.node("scoring") != nil { parts.insert(.scoring) }
    if reader.node("compare") != nil { parts.insert(.compare) }
    if reader.node("clusters") != nil { parts.insert(.clusters) }
    if reader.node("capacity") != nil { parts.insert(.capacity) }
    if reader.mapping("serving")?.node("load") != nil { parts.insert(.serving) }
    if reader.node("stream_scoring") != nil { parts.insert(.streamScoring) }
    if reader.node("broker") == nil { parts.insert(.ownBroker) }
    // A large fleet has many labels, and few scenarios ask for a kind.
    func kinds() -> Set<String> { Set(source.messages.labels.map(\.kind)) }
    let compared = (deployments?.compared ?? []).map(\.name)
    return expectations.compactMap { located in
      if let name = located.expectation.deployment, !compared.isEmpty, !compared.contains(name) {
        return Diagnostic(
          location: located.location,
          reason:
            "“compare” names no deployment \(name.quoted) (in \(located.expectation.expression.quoted))",
          suggestion: NearestName.of(name, among: compared))
      }
      return located.expectation.absence(parts: parts, kinds: kinds()).map { absence in
        Diagnostic(
          location: located.location,
          reason: "\(absence.reason) (in \(located.expectation.expression.quoted))",
          suggestion: absence.suggestion)
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
        diagnostics.add(groups.location(of: error), error.reason)
        return nil
      }
    }
    guard let recipe else { return nil }
    do {
      return .replay(try ReplaySource(recipe, start: clock.start, duration: clock.duration))
    } catch {
      diagnostics.add(reader.location(of: "replay"), "replay: \(error)")
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
