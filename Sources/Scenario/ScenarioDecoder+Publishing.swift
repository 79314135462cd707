import DeviceFleet
import Documents
import MQTT
import Telemetry
import Wording

extension ScenarioDecoder {
  /// What takes a group off an even pace; nil where nothing does.
  ///
  /// - Parameter climb: Of the scenario; groups then have no stages of their own, and nothing that goes wrong at a time.
  func rhythm(_ reader: MappingReader, _ climb: LoadClimb?) -> PublishingRhythm? {
    let jitter = reader.read("jitter", "a share such as 20%, of at most 90%") { node in
      node.text.flatMap(QuantityText.share).flatMap { $0 <= PublishingRhythm.mostJitter ? $0 : nil }
    }
    if let climb {
      for key in ["stages", "batch", "anomalies", "transport"] where reader.node(key) != nil {
        diagnostics.add(
          reader.location(of: key),
          "capacity: a climb is the load, and nothing goes wrong in it; leave “\(key)” out")
      }
      return PublishingRhythm(jitter: jitter ?? 0, profile: climb.profile)
    }
    let stages = (reader.list("stages") ?? []).compactMap { stage($0) }
    guard jitter != nil || !stages.isEmpty else { return nil }
    if case .hold = stages.first {
      diagnostics.add(
        reader.location(of: "stages"), "stages: there is no level to hold yet; begin with ramp or step")
    }
    return PublishingRhythm(jitter: jitter ?? 0, profile: stages.isEmpty ? nil : LoadProfile(stages))
  }

  private func stage(_ node: DocumentNode) -> LoadStage? {
    guard let reader = MappingReader(node, ScenarioSchema.stage, diagnostics) else { return nil }
    func level(_ key: String) -> Double? {
      reader.read(key, "a level such as 150%") { $0.text.flatMap(QuantityText.level) }
    }
    if let hold = reader.duration("hold") {
      if reader.node("for") != nil {
        diagnostics.add(reader.location(of: "for"), "for: hold has its time already")
      }
      return .hold(for: hold)
    }
    let (ramp, step, burst) = (level("ramp"), level("step"), level("burst"))
    guard reader.node("hold") == nil, ramp ?? step ?? burst != nil else { return nil }
    guard let time = reader.duration("for") else {
      if reader.node("for") == nil {
        diagnostics.add(reader.location, "stage: for is missing: how long it lasts")
      }
      return nil
    }
    return ramp.map { .ramp(to: $0, over: time) } ?? step.map { .step(to: $0, for: time) }
      ?? burst.map { .burst(to: $0, for: time) }
  }

  /// How a group publishes.
  func style(_ reader: MappingReader, sensors: [SensorPlan]) -> PublishingStyle {
    var style = PublishingStyle.standard
    style.batch = reader.wholeNumber("batch") ?? 1
    style.gateways = reader.wholeNumber("gateways")
    if let section = reader.mapping("publish") {
      style.payload = payload(section, sensors)
      style.topic = address(section, "topic") ?? .telemetry
      if let fault = style.topic.topicFault {
        diagnostics.add(section.location(of: "topic"), "topic: \(fault)")
      }
      style.quality =
        section.choice("qos", ["0", "1", "2"]).flatMap { Int32($0) }.flatMap(QualityOfService.init)
        ?? .atLeastOnce
      style.isRetained = section.boolean("retain") ?? false
      style.version = section.choice("mqtt", ProtocolVersion.self)
      style.birth = status(section, "birth", style)
      style.will = status(section, "will", style)
      if style.gateways == nil, style.topic.uses(.gateway) {
        diagnostics.add(section.location(of: "topic"), "topic: there are no gateways to name")
      }
    }
    if style.batch > 1, !style.payload.carriesInstants, mappingNode(reader.mapping("publish")) == nil {
      diagnostics.add(
        reader.location(of: "batch"),
        "batch: a canonical payload carries one instant; several need publish: { payload: senml } or a template"
      )
    }
    return style
  }

  private func payload(_ section: MappingReader, _ sensors: [SensorPlan]) -> PayloadFormat {
    if let text = section.text("template") {
      if section.node("payload") != nil {
        diagnostics.add(section.location(of: "payload"), "payload and template exclude each other; give one")
      }
      do throws(TemplateError) {
        return .template(try PayloadTemplate(text, sensors: sensors.map(\.id)))
      } catch {
        let known = PayloadTemplate.fieldNames + sensors.map { "values.\($0.id)" }
        note(error, section.location(of: "template"), "template", known)
        return .canonical
      }
    }
    guard mappingNode(section) == nil else { return .canonical }
    switch section.choice("payload", ScenarioSchema.payloadForms) {
    case "senml": return .senML(units: units(section, sensors))
    case "sparkplug":
      for key in ["topic", "birth", "will", "retain"] where section.node(key) != nil {
        diagnostics.add(section.location(of: key), "\(key): Sparkplug B says itself what it is")
      }
      return .sparkplug
    default: return .canonical
    }
  }

  /// The units of a SenML pack.
  private func units(_ section: MappingReader, _ sensors: [SensorPlan]) -> [SensorID: String] {
    var units: [SensorID: String] = [:]
    for sensor in sensors {
      guard let unit = sensor.unit else { continue }
      units[sensor.id] = unit
      if unit.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\"" || $0 == "\\" }) {
        diagnostics.add(section.location(of: "payload"), "payload: \(unit.quoted) is no unit of SenML")
      }
    }
    return units
  }

  private func address(_ section: MappingReader, _ key: String) -> AddressTemplate? {
    guard let text = section.text(key) else { return nil }
    do throws(TemplateError) { return try AddressTemplate(text) } catch {
      note(error, section.location(of: key), key, AddressTemplate.Field.allCases.map(\.rawValue))
      return nil
    }
  }

  private func note(_ error: TemplateError, _ location: SourceLocation, _ key: String, _ known: [String]) {
    let list = error.field == nil ? "" : "; there are \(known.listed)"
    diagnostics.add(
      location, "\(key): \(error.reason)\(list)",
      suggestion: error.field.flatMap { NearestName.of($0, among: known) })
  }

  private func status(_ section: MappingReader, _ key: String, _ style: PublishingStyle)
    -> PublishingStyle.Status?
  {
    guard let status = section.mapping(key), let topic = address(status, "topic") else { return nil }
    if let fault = topic.topicFault { diagnostics.add(status.location(of: "topic"), "topic: \(fault)") }
    var payload = address(status, "payload")
    if payload == nil { payload = try? AddressTemplate("") }
    guard let payload else { return nil }
    let isNamed = topic.uses(.device) || payload.uses(.device)
    if style.gateways != nil, isNamed {
      diagnostics.add(
        status.location, "\(key): it speaks of a connection, which is a gateway; write ${gateway}")
    }
    return PublishingStyle.Status(
      topic: topic, payload: payload, isRetained: status.boolean("retain") ?? true)
  }
}
