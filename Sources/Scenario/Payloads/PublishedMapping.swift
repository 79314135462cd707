import DeviceFleet
import Documents
import PayloadMapping
import Telemetry
import Wording

/// `publish.payload` where it is a mapping: what the fleet publishes as devices of others do.
extension ScenarioDecoder {
  /// What `payload` names; nil where it is a form of Sonde's own, or not there.
  func mappingNode(_ section: MappingReader?) -> DocumentNode? {
    guard let node = section?.node("payload"), node.choice(among: ScenarioSchema.payloadForms) == nil else {
      return nil
    }
    return node
  }

  /// How `group` publishes by a mapping; nil where it does otherwise. Whether it can is tried here, before anything runs.
  func publishedMapping(_ reader: MappingReader, _ group: DeviceGroup) -> MappingEncoder? {
    guard let section = reader.mapping("publish"), let node = mappingNode(section) else { return nil }
    if section.node("topic") != nil {
      diagnostics.add(section.location(of: "topic"), "topic: the mapping of the payload says the topics")
    }
    guard let mapping = mapping(node, others: ScenarioSchema.payloadForms), mapping.problems.isEmpty else {
      return nil
    }
    let names = group.deviceNames
    let devices = [names.first, names.last].compactMap { $0.flatMap { DeviceID($0) } }
    guard !devices.isEmpty, !group.sensors.isEmpty else { return nil }
    do throws(EncodingProblem) {
      let encoder = try MappingEncoder(mapping, devices: devices, sensors: group.sensors.map(\.id))
      if group.style.batch > 1, !encoder.gathersInstants {
        diagnostics.add(
          reader.location(of: "batch"),
          "batch: a payload of \(mapping.name) carries one instant; several need records in a list, each with a time"
        )
      }
      return encoder
    } catch {
      diagnostics.add(
        section.location(of: "payload"),
        "payload: the group cannot publish as \(mapping.name): \(error.reason)")
      return nil
    }
  }
}
