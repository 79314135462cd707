import Foundation
import MQTT
import Sparkplug
import Telemetry

/// The edge nodes of the groups that publish Sparkplug B: each connection is one, with the devices that it carries.
///
/// A class, since the pool of connections asks it for births while the publisher hands it messages. Used from one thread.
final class SparkplugFleet {
  /// By client; nil for those that publish otherwise.
  private var nodes: [SparkplugNode?]
  /// When what was published last was due: births carry that time.
  private var now: Timestamp

  init(_ connections: [FleetConnections.Connection], of source: any MessageSource) {
    now = source.start
    // Another number than that of a fleet before this one, whose last wills may still come.
    let first = UInt64(max(0, Date().timeIntervalSince1970))
    let (groups, deviceIDs) = (source.groups, source.deviceIDs)
    nodes = connections.map { connection in
      guard groups[connection.group].style.payload == .sparkplug else { return nil }
      return SparkplugNode(
        group: groups[connection.group].name, name: connection.name,
        devices: connection.devices.map { (deviceIDs[$0].name, source.sensors(ofDeviceAt: $0)) },
        firstConnection: first)
    }
  }

  func publishes(_ client: Int) -> Bool { nodes[client] != nil }

  /// What belongs to the next connection of a client; nil where it publishes otherwise.
  func greeting(_ client: Int) -> ClientGreeting? {
    guard let greeting = nodes[client]?.connect(at: now.milliseconds) else { return nil }
    return ClientGreeting(
      births: greeting.births.map(StatusPublication.init), will: StatusPublication(greeting.will))
  }

  /// The topic of a device's data, of a client that publishes so.
  func topic(_ client: Int, device place: Int) -> String { nodes[client]?.devices[place].topic ?? "" }

  /// Appends the payload of a delivery. False where nothing is to leave: a repetition of what can no longer be repeated.
  ///
  /// - Parameter place: The device's place in its node.
  func encode(_ delivery: Delivery, _ client: Int, device place: Int, into payload: inout [UInt8]) -> Bool {
    now = max(now, delivery.due)
    switch delivery.parcel {
    case .messages(let messages):
      nodes[client]?.append(messages, ofDeviceAt: place, at: now.milliseconds, into: &payload)
    case .again(let messages):
      return nodes[client]?.appendAgain(messages, ofDeviceAt: place, into: &payload) ?? false
    case .waste(let bytes): payload.append(contentsOf: bytes)
    case .cut: return false
    }
    return true
  }

  /// What the nodes say before they leave, by client: a broker publishes no last will of those that take leave.
  var farewells: [(client: Int, publication: StatusPublication)] {
    nodes.enumerated().compactMap { client, node in
      node.map { (client, StatusPublication($0.death(at: now.milliseconds))) }
    }
  }
}

extension StatusPublication {
  fileprivate init(_ publication: SparkplugNode.Publication) {
    self.init(topic: publication.topic, payload: publication.payload, isRetained: false)
  }
}
