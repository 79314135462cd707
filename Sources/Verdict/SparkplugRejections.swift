import DeviceFleet
import Sparkplug
import Telemetry
import WindowStore

/// What planned messages of Sparkplug B are in payloads that ingestion rejected: they are read with births made of the plan, as they
/// have aliases alone.
struct SparkplugRejections {
  private var state = SparkplugState(SparkplugSettings(deviceNames: .own))

  init(_ source: any MessageSource) {
    let (groups, deviceIDs) = (source.groups, source.deviceIDs)
    for connection in source.connections.all where groups[connection.group].style.payload == .sparkplug {
      var node = SparkplugNode(
        group: groups[connection.group].name, name: connection.name,
        devices: connection.devices.map { (deviceIDs[$0].name, source.sensors(ofDeviceAt: $0)) },
        firstConnection: 0)
      for birth in node.connect(at: 0).births { _ = messages(birth.topic, birth.payload) }
    }
  }

  /// The messages of a payload, without positions; none where it cannot be read.
  mutating func messages(_ topic: String, _ payload: [UInt8]) -> [Message] {
    let topic = Array(topic.utf8)
    let reading = topic.withUnsafeBufferPointer { topic in
      payload.withUnsafeBufferPointer { try? state.read(topic, $0, receivedMs: 0) }
    }
    return (reading?.messages ?? []).map { message in
      var message = message
      message.position = nil
      return message
    }
  }
}

extension MessageSource {
  /// Devices whose messages have other numbers in the store than in the plan: those of Sparkplug count from births on.
  var renumberedDevices: Set<DeviceID> {
    Set(groups.filter { $0.style.payload == .sparkplug }.flatMap { $0.devices.map { deviceIDs[$0] } })
  }
}
