import DeviceFleet
import Telemetry

/// One transport fault of the gallery, as it hits the messages of a device.
struct TransportExhibit {
  let kind: any TransportFault.Type

  private static let every = Duration.seconds(30)
  private static let minutes = 30

  /// A storm is seen only where there are several.
  private var devices: Int { kind.isCommon ? 4 : 1 }

  func picture() throws -> MessageChart {
    let sensor = SensorPlan(
      id: Exhibition.sensor, signal: [SineSignal(offset: 50, amplitude: 10, period: .seconds(3600))])
    let placement = TransportPlacement(
      kind, between: .seconds(10 * 60)...(.seconds(20 * 60)), share: kind.defaultShare.map { max($0, 0.2) },
      by: .seconds(180))
    let plan = try FleetPlan(
      seed: Exhibition.seed, start: Exhibition.start, duration: .seconds(Int64(Self.minutes) * 60),
      groups: [
        DeviceGroup(
          name: "device", count: devices, every: Self.every, sensors: [sensor], transport: [placement])
      ])
    return MessageChart(
      minutes: Double(Self.minutes), rows: plan.deviceIDs.indices.map { row(of: $0, in: plan) })
  }

  private func row(of device: Int, in plan: FleetPlan) -> MessageChart.Row {
    func minutes(_ time: Timestamp) -> Double { (time - Exhibition.start).seconds / 60 }
    let label = plan.transportLabels.first { $0.device == plan.deviceIDs[device] }
    var row = MessageChart.Row(
      title: devices == 1 ? "" : plan.deviceIDs[device].name,
      band: label.map { (minutes($0.start), minutes($0.end)) })
    var left: Set<Int64> = []
    for delivery in plan.deliveries(ofDeviceAt: device) {
      switch delivery.parcel {
      case .messages(let messages):
        for message in messages {
          row.messages.append((minutes(message.timestamp), minutes(delivery.due)))
          left.insert(message.timestamp.milliseconds)
        }
      case .again: row.repeated.append(minutes(delivery.due))
      case .waste: row.waste.append(minutes(delivery.due))
      case .cut: row.cuts.append(minutes(delivery.due))
      }
    }
    row.lost = plan.messages(ofDeviceAt: device).filter { !left.contains($0.timestamp.milliseconds) }
      .map { minutes($0.timestamp) }
    return row
  }
}
