import DeviceFleet
import Documents
import Telemetry
import Wording

/// The groups of a fleet with the locations where they and their anomalies are written.
struct FleetGroups {
  var groups: [DeviceGroup] = []
  var locations: [(group: SourceLocation, anomalies: [SourceLocation])] = []

  func location(of error: FleetPlanError) -> SourceLocation {
    let location = locations[error.group]
    return error.anomaly.map { location.anomalies[$0] } ?? location.group
  }
}

extension ScenarioDecoder {
  /// The groups of `fleet`; nil where there is no such key or something in it is faulty.
  func groups(_ reader: MappingReader, _ clock: ClockSection, _ climb: LoadClimb?) -> FleetGroups? {
    guard reader.node("fleet") != nil else { return nil }
    let duration = clock.duration
    if !clock.hasDuration {
      diagnostics.add(clock.location, "a fleet needs clock: { duration: … }, such as 24h")
    }
    guard let nodes = reader.list("fleet") else { return nil }
    if nodes.isEmpty { diagnostics.add(reader.location(of: "fleet"), "fleet: there is no group of devices") }
    var result = FleetGroups()
    for node in nodes {
      guard let (group, anomalies) = group(node, duration, climb) else { continue }
      result.groups.append(group)
      result.locations.append((node.location, anomalies))
    }
    if result.groups.reduce(0, { $0 + $1.count }) > ScenarioDefaults.mostDevices {
      diagnostics.add(
        reader.location(of: "fleet"), "fleet: more than \(ScenarioDefaults.mostDevices) devices")
    }
    if let duration, result.groups.reduce(0, { $0 + readings($1, duration) }) > ScenarioDefaults.mostReadings
    {
      diagnostics.add(
        reader.location(of: "fleet"),
        "fleet: more than \(Int(ScenarioDefaults.mostReadings).grouped) readings")
    }
    return result
  }

  /// About how many readings a group publishes; more than fits into whole numbers in the worst case.
  private func readings(_ group: DeviceGroup, _ duration: Duration) -> Double {
    let peak = max(1, group.rhythm?.profile?.peak ?? 1)
    return Double(group.count) * Double(max(1, group.sensors.count)) * peak * (duration / group.every)
  }

  private func group(
    _ node: DocumentNode, _ duration: Duration?, _ climb: LoadClimb?
  ) -> (DeviceGroup, [SourceLocation])? {
    guard let reader = MappingReader(node, ScenarioSchema.group, diagnostics) else { return nil }
    let name = reader.text("device")
    if let name, DeviceID(name + "-0001") == nil {
      diagnostics.add(
        reader.location(of: "device"), "device: \(name.quoted) cannot begin the name of a device")
    }
    let count = reader.wholeNumber("count")
    let every = reader.duration("every")
    if let climb, let every, every > climb.length + climb.rest {
      // Where in it a device begins to publish is drawn from an interval, which must not depend on how far the load climbs.
      diagnostics.add(
        reader.location(of: "every"),
        "every: capacity: at most as long as a step and its rest, \((climb.length + climb.rest).text)")
    } else if let every, let duration, every > duration {
      diagnostics.add(reader.location(of: "every"), "every: nothing would be published before the clock ends")
    }
    let sensors = sensors(reader)
    var placements: [AnomalyPlacement] = []
    var locations: [SourceLocation] = []
    for node in reader.list("anomalies") ?? [] {
      guard let placement = anomaly(node, sensors: sensors, every: every, duration: duration) else {
        continue
      }
      placements.append(placement)
      locations.append(node.location)
    }
    let transport = (reader.list("transport") ?? []).compactMap { self.transport($0, duration: duration) }
    let rhythm = rhythm(reader, climb)
    let style = style(reader, sensors: sensors)
    guard let name, let count, let every else { return nil }
    var group = DeviceGroup(
      name: name, count: count, every: every, sensors: sensors, anomalies: placements, transport: transport,
      rhythm: rhythm, style: style)
    group.style.mapping = publishedMapping(reader, group)
    return (group, locations)
  }

  private func transport(_ node: DocumentNode, duration: Duration?) -> TransportPlacement? {
    guard let reader = MappingReader(node, ScenarioSchema.transport, diagnostics) else { return nil }
    var kind = reader.node("kind")?.text.flatMap { TransportCatalogue.kind(named: $0) }
    if kind == nil {
      kind = reader.choice("kind", ScenarioSchema.transportKinds).flatMap {
        TransportCatalogue.kind(named: $0)
      }
    }
    let devices = devices(reader)
    let between = reader.span("between")
    let length = reader.duration("for")
    if let between, let duration, between.upperBound > duration {
      diagnostics.add(
        reader.location(of: "between"),
        "between: the clock ends at \(duration.text), before this does")
    }
    if let length, let between, length > between.upperBound - between.lowerBound {
      diagnostics.add(
        reader.location(of: "for"),
        "for: \(length.text) does not fit between the two times of “between”")
    }
    let share = reader.read("share", "a share such as 20%") { $0.text.flatMap(QuantityText.share) }
    if let kind, kind.defaultShare == nil, reader.node("share") != nil {
      diagnostics.add(reader.location(of: "share"), "share: \(kind.name) hits every message")
    }
    let by = reader.duration("by")
    if let kind, kind != ReorderingFault.self, reader.node("by") != nil {
      diagnostics.add(reader.location(of: "by"), "by: only reordering puts messages off one by one")
    }
    guard let kind, let between else { return nil }
    return TransportPlacement(kind, devices: devices, between: between, length: length, share: share, by: by)
  }

  private func sensors(_ reader: MappingReader) -> [SensorPlan] {
    guard let node = reader.node("sensors") else { return [] }
    guard case .mapping(let entries) = node.content, !entries.isEmpty else {
      diagnostics.add(node.location, "sensors: expected sensors by name, found \(node.summary)")
      return []
    }
    return entries.compactMap { entry in
      let id = SensorID(entry.key)
      if id == nil {
        diagnostics.add(
          entry.location, "\(entry.key.quoted) is not a sensor id: letters, digits, dot, dash, underscore")
      }
      guard let reader = MappingReader(entry.value, ScenarioSchema.sensor, diagnostics) else { return nil }
      let unit = reader.text("unit")
      let step = reader.number("resolution", "a number above zero") { $0 > 0 }
      let signal = parts(reader, "signal")
      guard let id else { return nil }
      return SensorPlan(
        id: id, unit: unit, signal: signal, resolution: step.flatMap { Resolution(step: $0) } ?? .standard)
    }
  }

  private func anomaly(
    _ node: DocumentNode, sensors: [SensorPlan], every: Duration?, duration: Duration?
  ) -> AnomalyPlacement? {
    guard let reader = MappingReader(node, ScenarioSchema.anomaly, diagnostics) else { return nil }
    let kind = kind(reader)
    let sensor = reader.text("sensor").flatMap { SensorID($0) }
    if let sensor, !sensors.contains(where: { $0.id == sensor }) {
      let known = sensors.map(\.id.name)
      diagnostics.add(
        reader.location(of: "sensor"),
        "sensor: there is no sensor \(sensor.name.quoted); there are \(known.listed)",
        suggestion: NearestName.of(sensor.name, among: known))
    }
    let devices = devices(reader)
    let length = reader.duration("for")
    let between = times(reader, length: length, every: every, duration: duration)
    let severity = severity(reader, kind)
    let perDay = reader.number("per_day", "a number above zero") { $0 > 0 }
    let exact = reader.wholeNumber("count")
    if exact != nil, perDay != nil {
      diagnostics.add(reader.location(of: "per_day"), "count and per_day exclude each other; give one")
    }
    let count = perDay.map { AnomalyPlacement.Count.perDay($0) } ?? .exactly(exact ?? 1)
    let allowsOverlap = reader.boolean("allow_overlap") ?? false
    if let kind, kind.origin != .clock, reader.node("sensor") == nil {
      diagnostics.add(reader.location, "\(kind.name) hits a sensor; name it with “sensor”")
      return nil
    }
    if reader.node("sensor") != nil, sensor == nil {
      diagnostics.add(reader.location(of: "sensor"), "sensor: expected the name of a sensor")
      return nil
    }
    guard let kind, let between else { return nil }
    var placement = AnomalyPlacement(
      kind, severity: severity, sensor: sensor, devices: devices, between: between, length: length,
      count: count, allowsOverlap: allowsOverlap)
    placement.takesFirst = reader.node("at") != nil
    return placement
  }

  /// The span that the anomaly lies in: `between`, or from `at` on just long enough for one to begin.
  private func times(_ reader: MappingReader, length: Duration?, every: Duration?, duration: Duration?)
    -> ClosedRange<Duration>?
  {
    let between = reader.span("between")
    if let between, let duration, between.upperBound > duration {
      diagnostics.add(
        reader.location(of: "between"),
        "between: the clock ends at \(duration.text), before this does")
    }
    if let length, let between, length > between.upperBound - between.lowerBound {
      diagnostics.add(
        reader.location(of: "for"),
        "for: \(length.text) does not fit between the two times of “between”")
    }
    guard let at = reader.duration("at", allowsZero: true), let every else { return between }
    let longest = length ?? .milliseconds(1)
    if let duration, at + longest > duration {
      diagnostics.add(
        reader.location(of: "at"), "at: the clock ends at \(duration.text), before this does")
      return nil
    }
    return at...(duration ?? at + every + longest)
  }

  private func severity(_ reader: MappingReader, _ kind: (any Anomaly.Type)?) -> Double? {
    guard reader.node("severity") != nil else { return nil }
    guard let kind else { return reader.number("severity") }
    guard let meaning = kind.severity else {
      diagnostics.add(reader.location(of: "severity"), "severity: \(kind.name) has no strength")
      return nil
    }
    let bounds = "from \(shown(meaning.range.lowerBound)) to \(shown(meaning.range.upperBound))"
    let wanted = "\(meaning.about), \(meaning.countsInSpread ? "a number other than 0" : bounds)"
    return reader.number("severity", wanted) {
      meaning.range.contains($0) && !(meaning.countsInSpread && $0 == 0)
    }
  }

  private func shown(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }

  private func kind(_ reader: MappingReader) -> (any Anomaly.Type)? {
    if let name = reader.node("kind")?.text, let kind = AnomalyCatalogue.kind(named: name) { return kind }
    return reader.choice("kind", ScenarioSchema.anomalyKinds).flatMap { AnomalyCatalogue.kind(named: $0) }
  }

  /// `all`, `10%`, `3`, `pump-0007` or a list of names.
  private func devices(_ reader: MappingReader) -> AnomalyPlacement.Devices {
    guard let node = reader.node("devices") else { return .all }
    if case .sequence = node.content {
      return .named((reader.texts("devices") ?? []).compactMap { device($0, node) })
    }
    guard let text = node.text, !node.isNull else {
      diagnostics.add(node.location, "devices: expected all, 10%, a number or names, found \(node.summary)")
      return .all
    }
    if text == "all" { return .all }
    if node.number != nil {
      guard let count = node.wholeNumber.flatMap(Int.init(exactly:)), count >= 0 else {
        diagnostics.add(
          node.location,
          "devices: \(text.excerpt) devices cannot be chosen; expected a whole number of at least 0")
        return .all
      }
      return .count(count)
    }
    if text.hasSuffix("%") {
      guard let share = QuantityText.share(text) else {
        diagnostics.add(node.location, "devices: \(text.quoted) is not a share between 0% and 100%")
        return .all
      }
      return .share(share)
    }
    return .named([device(text, node)].compactMap(\.self))
  }

  private func device(_ name: String, _ node: DocumentNode) -> DeviceID? {
    let id = DeviceID(name)
    if id == nil { diagnostics.add(node.location, "devices: \(name.quoted) is not the name of a device") }
    return id
  }
}
