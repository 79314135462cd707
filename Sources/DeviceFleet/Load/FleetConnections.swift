import MQTT
import Telemetry

/// Devices that publish alike.
package struct PublishingGroup: Sendable {
  package let name: String
  /// Indices of ``MessageSource/deviceIDs``.
  package let devices: Range<Int>
  package let style: PublishingStyle
}

/// The connections of a fleet: one a device, or gateways that carry many devices each.
package struct FleetConnections: Sendable {
  /// One connection.
  package struct Connection: Hashable, Sendable {
    /// The device's name, or `<group>-gateway-0001`.
    package let name: String
    /// Index of its group.
    package let group: Int
    /// The devices it carries, as indices of ``MessageSource/deviceIDs``.
    package let devices: Range<Int>
  }

  package let all: [Connection]

  /// Each gateway carries a run of neighbours; where there are fewer devices than gateways, each device has one.
  init(_ groups: [PublishingGroup], deviceIDs: [DeviceID]) {
    var all: [Connection] = []
    for (index, group) in groups.enumerated() {
      guard let gateways = group.style.gateways, !group.devices.isEmpty else {
        for device in group.devices {
          all.append(
            Connection(name: deviceIDs[device].name, group: index, devices: device..<(device + 1)))
        }
        continue
      }
      let count = min(gateways, group.devices.count)
      let names = DeviceGroup.numbered(group.name + "-gateway", count)
      for gateway in 0..<count {
        let first = group.devices.lowerBound + gateway * group.devices.count / count
        let end = group.devices.lowerBound + (gateway + 1) * group.devices.count / count
        all.append(Connection(name: names[gateway], group: index, devices: first..<end))
      }
    }
    self.all = all
  }

  /// Those that part `share` of a fleet opens: every ``FleetShare/count``-th, so that parts are alike.
  package func of(_ share: FleetShare) -> [Connection] {
    all.enumerated().filter { $0.offset % share.count == share.index }.map(\.element)
  }
}

/// The part of a fleet that one process publishes.
package struct FleetShare: Hashable, Sendable {
  package let index: Int
  package let count: Int

  /// The whole fleet.
  package static let whole = FleetShare(index: 0, count: 1)!

  /// Nil unless `index` is below `count`.
  package init?(index: Int, count: Int) {
    guard index >= 0, index < count else { return nil }
    self.index = index
    self.count = count
  }
}
