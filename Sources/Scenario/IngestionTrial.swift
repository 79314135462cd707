import DeviceFleet
import PayloadMapping
import Sparkplug
import Telemetry

/// Tries whether ingestion reads what a fleet publishes: the first publication of each group is encoded, decoded as
/// ingestion would, and compared; so is the first instant without each sensor that can drop out.
struct IngestionTrial {
  private let plan: FleetPlan
  private let groups: [DeviceGroup]
  private let payload: PayloadMapping?
  private let sparkplug: SparkplugSettings?

  /// - Parameters:
  ///   - payload: How ingestion reads payloads; nil: they are canonical, or SenML.
  ///   - sparkplug: How it reads Sparkplug B, where payloads are of that.
  init(
    _ plan: FleetPlan, _ groups: [DeviceGroup], payload: PayloadMapping? = nil,
    sparkplug: SparkplugSettings? = nil
  ) {
    self.plan = plan
    self.groups = groups
    self.payload = payload
    self.sparkplug = sparkplug
  }

  /// The first group that could not be read, and why; nil where all can.
  var obstacle: (group: Int, reason: String)? {
    let filter = plan.groups.first?.style.topic.filter
    for (index, group) in plan.groups.enumerated() {
      // A mapping says itself what to subscribe to.
      if payload == nil, sparkplug == nil, group.style.mapping == nil, group.style.topic.filter != filter {
        return (index, "ingestion subscribes to one pattern of topics, and the groups have several")
      }
      if let reason = obstacle(of: group, groups[index]) { return (index, reason) }
    }
    return nil
  }

  private func obstacle(of group: PublishingGroup, _ described: DeviceGroup) -> String? {
    let style = group.style
    guard (style.payload == .sparkplug) == (sparkplug != nil) else {
      return sparkplug == nil
        ? "the group publishes Sparkplug B, which needs ingestion: { payload: sparkplug }"
        : "ingestion reads Sparkplug B, and the group publishes something else"
    }
    guard let device = group.devices.first else { return nil }
    let sent = Array(plan.messages(ofDeviceAt: device).prefix(style.batch))
    guard !sent.isEmpty else { return nil }
    let names = PublisherNames(
      group: group.name, device: plan.deviceIDs[device].name,
      gateway: plan.connections.all.first { $0.devices.contains(device) }?.name ?? "")
    for status in [style.birth, style.will].compactMap(\.self) where isTaken(status, style, names) {
      return "ingestion would take birth messages and last wills for telemetry: they have the same topics"
    }
    if let mapping = style.mapping, let reason = obstacle(of: mapping, in: sent) { return reason }
    let topic = style.topic.string(names)
    var carriesPosition = true
    let trial = sparkplug.map {
      SparkplugTrial(
        settings: $0, group: names.group, node: names.gateway, device: names.device,
        sensors: plan.sensors(ofDeviceAt: device))
    }
    if let reason = obstacle(in: sent, style, topic, trial, &carriesPosition) { return reason }
    for placement in described.anomalies where placement.anomaly is DropoutAnomaly {
      var message = sent[0]
      message.values.removeAll { $0.sensor == placement.sensor }
      guard !message.values.isEmpty else { continue }
      if let reason = obstacle(in: [message], style, topic, trial, &carriesPosition) {
        return "where a sensor drops out, \(reason)"
      }
    }
    if !carriesPosition, described.anomalies.contains(where: { type(of: $0.anomaly).origin == .clock }) {
      return
        "its payloads have no sequence: when a clock is set back, ingestion could not tell two readings of one "
        + "time apart"
    }
    return nil
  }

  /// Why ingestion would not read what is sent on `topic`; nil where it would.
  private func obstacle(
    in sent: [Message], _ style: PublishingStyle, _ topic: String, _ trial: SparkplugTrial?,
    _ carriesPosition: inout Bool
  ) -> String? {
    var published: [(topic: String, payload: [UInt8])] = []
    if let mapping = style.mapping {
      published = mapping.publications(of: sent).map { ($0.topic, $0.payload) }
    } else {
      var payload: [UInt8] = []
      style.payload.encode(sent, into: &payload)
      published = [(topic, payload)]
    }
    var read: [Message] = []
    var refused = RefusedValues()
    do throws(PayloadError) {
      if let trial {
        refused = try trial.read(sent, into: &read)
      } else {
        for one in published {
          let found = try decode(one.payload, one.topic, into: &read)
          if found.count > 0 { refused = found }
        }
      }
    } catch {
      return "ingestion cannot read what it publishes: \(error)"
    }
    guard refused.count == 0 else {
      return "ingestion would reject a part of each of its payloads: \(refused.reasonText)"
    }
    let hasPositions = read.allSatisfy { $0.position != nil }
    if !hasPositions { carriesPosition = false }
    let wanted = sent.map { message in
      var message = message
      message.values.sort { $0.sensor < $1.sensor }
      if !hasPositions { message.position = nil }
      return message
    }
    guard read == wanted else {
      return "ingestion reads something else from its payloads than was measured"
    }
    return nil
  }

  /// Whether ingestion would take a birth message or last will for telemetry.
  private func isTaken(_ status: PublishingStyle.Status, _ style: PublishingStyle, _ names: PublisherNames)
    -> Bool
  {
    payload?.takes(topic: status.topic.string(names)) ?? (status.topic.filter == style.topic.filter)
  }

  /// Why a run could not account for what is published by a mapping; nil where it can.
  private func obstacle(of mapping: MappingEncoder, in sent: [Message]) -> String? {
    let name = mapping.mapping.name
    guard mapping.carriesTime else {
      return "payloads of \(name) have no time: ingestion would take that of arrival for when it was measured"
    }
    guard payload != nil else {
      return PayloadPreset(rawValue: name) == nil
        ? "it publishes by a mapping, and ingestion reads one that it is given; write the same one below "
          + "ingestion: { payload: … }"
        : "it publishes as \(name), and ingestion is not told so; write ingestion: { payload: \(name) }"
    }
    guard mapping.publications(of: sent).allSatisfy({ $0.messages > 0 }) else {
      return
        "the values of one time take several publications of \(name), which ingestion would count as so many "
        + "messages; name the sensors so that they share one"
    }
    return nil
  }

  /// Decodes a payload as ingestion does, with the values of each message in order of their sensors.
  private func decode(_ sent: [UInt8], _ topic: String, into read: inout [Message]) throws(PayloadError)
    -> RefusedValues
  {
    try sent.withUnsafeBufferPointer { bytes throws(PayloadError) in
      guard let payload else {
        return try PayloadCodec.decodeAll(
          bytes, topicDevice: TelemetryTopic.device(in: topic), received: plan.start
        ) { read.append($0) }
      }
      var decoder = MappingDecoder(payload)
      let topic = Array(topic.utf8)
      let outcome = try topic.withUnsafeBufferPointer { topic throws(PayloadError) in
        try decoder.decode(topic: topic, payload: bytes, received: plan.start, into: &read)
      }
      for index in read.indices { read[index].values.sort { $0.sensor < $1.sensor } }
      return if case .messages(let refused) = outcome { refused } else { RefusedValues() }
    }
  }
}
