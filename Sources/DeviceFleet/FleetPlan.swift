import Detection
import Telemetry

/// What a fleet of devices will publish: every message and every anomaly, settled by the seed before anything is sent.
///
/// Each device draws from streams of its own, named after it, so it sends the same messages whatever the other devices
/// are and however the fleet is split over connections, threads and processes.
public struct FleetPlan: MessageSource {
  public let seed: UInt64
  /// When the clock starts.
  public let start: Timestamp
  public let duration: Duration
  public let devices: [PlannedDevice]
  public let messageCount: Int
  public let readingCount: Int
  public let labels: [Label]

  /// Settles the plan. Throws ``FleetPlanError`` for the first fault it meets: nothing to publish, names that are no ids
  /// or taken twice, anomalies outside the clock, on sensors that do not exist, or without room.
  public init(seed: UInt64, start: Timestamp, duration: Duration, groups: [DeviceGroup])
    throws(FleetPlanError)
  {
    self.seed = seed
    self.start = start
    self.duration = duration
    var devices: [PlannedDevice] = []
    var taken: Set<DeviceID> = []
    for (index, group) in groups.enumerated() {
      let planner = GroupPlanner(index: index, group: group, seed: seed, start: start, duration: duration)
      for device in try planner.devices() {
        guard taken.insert(device.id).inserted else {
          throw FleetPlanError(
            group: index, anomaly: nil, reason: "another group has a device \(device.id) already")
        }
        devices.append(device)
      }
    }
    self.devices = devices
    messageCount = devices.reduce(0) { $0 + $1.messageCount }
    readingCount = devices.reduce(0) { $0 + $1.messageCount * $1.sensors.count }
    labels = devices.flatMap(\.labels).sorted(by: Label.inFileOrder)
  }

  public var deviceIDs: [DeviceID] { devices.map(\.id) }

  public func sensors(ofDeviceAt index: Int) -> [SensorID] { devices[index].sensors.map(\.id) }

  public func messages(ofDeviceAt index: Int) -> MessageStream { MessageStream(devices[index].messages()) }
}

/// Plans the devices of one group.
private struct GroupPlanner {
  let index: Int
  let group: DeviceGroup
  let seed: UInt64
  let start: Timestamp
  let duration: Duration

  func devices() throws(FleetPlanError) -> [PlannedDevice] {
    try check()
    var devices: [PlannedDevice] = []
    devices.reserveCapacity(group.count)
    let everyMs = group.every.milliseconds
    for name in group.deviceNames {
      guard let id = DeviceID(name) else { throw fault("“\(name)” is not a device id") }
      var generator = SeededGenerator(seed: seed, stream: "\(name)/offset")
      // Devices in the field do not tick together; neither do these.
      let offset = Int64(generator.index(below: Int(min(everyMs, duration.milliseconds))))
      let device = PlannedDevice(
        id: id, sensors: group.sensors, every: group.every, offset: .milliseconds(offset), start: start,
        duration: duration, seed: seed)
      devices.append(device)
    }
    for (number, placement) in group.anomalies.enumerated() {
      for device in try chosen(placement, number, among: devices) {
        try place(placement, number, on: &devices[device])
      }
    }
    return devices
  }

  private func fault(_ reason: String, anomaly: Int? = nil) -> FleetPlanError {
    FleetPlanError(group: index, anomaly: anomaly, reason: reason)
  }

  private func check() throws(FleetPlanError) {
    guard duration >= .milliseconds(1) else { throw fault("the clock's duration is below a millisecond") }
    guard group.count >= 0 else { throw fault("a count of \(group.count) devices") }
    guard group.every >= .milliseconds(1) else { throw fault("devices publish at most every millisecond") }
    guard !group.sensors.isEmpty else { throw fault("“\(group.name)” has no sensors") }
    var seen: Set<SensorID> = []
    for sensor in group.sensors where !seen.insert(sensor.id).inserted {
      throw fault("two sensors are called \(sensor.id)")
    }
  }

  private func chosen(
    _ placement: AnomalyPlacement, _ number: Int, among devices: [PlannedDevice]
  ) throws(FleetPlanError) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: "\(group.name)/anomaly-\(number)/devices")
    switch placement.devices {
    case .all:
      return Array(devices.indices)
    case .share(let share):
      guard (0...1).contains(share) else { throw fault("a share is between 0% and 100%", anomaly: number) }
      let count = share == 0 ? 0 : max(1, Int((share * Double(devices.count)).rounded()))
      return generator.sample(min(count, devices.count), of: devices.count)
    case .count(let count):
      guard (0...devices.count).contains(count) else {
        throw fault("\(count) devices were asked for, and there are \(devices.count)", anomaly: number)
      }
      return generator.sample(count, of: devices.count)
    case .named(let names):
      var chosen: [Int] = []
      for name in names {
        guard let device = devices.firstIndex(where: { $0.id == name }) else {
          throw fault("“\(group.name)” has no device \(name)", anomaly: number)
        }
        chosen.append(device)
      }
      return chosen
    }
  }

  private func place(_ placement: AnomalyPlacement, _ number: Int, on device: inout PlannedDevice)
    throws(FleetPlanError)
  {
    guard let sensor = device.sensors.firstIndex(where: { $0.id == placement.sensor }) else {
      throw fault("“\(group.name)” has no sensor \(placement.sensor)", anomaly: number)
    }
    guard placement.count >= 1 else {
      throw fault("a count of \(placement.count) anomalies", anomaly: number)
    }
    let scale = device.sensors[sensor].scale
    guard placement.severity == nil || scale > 0 else {
      throw fault(
        "\(placement.sensor) has no spread (its signal is constant), and a severity counts in it",
        anomaly: number)
    }
    guard placement.between.lowerBound >= .zero, placement.between.upperBound <= duration else {
      throw fault("it lies outside the clock", anomaly: number)
    }
    var generator = SeededGenerator(seed: seed, stream: "\(device.id)/anomaly-\(number)")
    let lengthMs = placement.length?.milliseconds ?? 1
    guard lengthMs >= 1 else { throw fault("an anomaly lasts at least a millisecond", anomaly: number) }
    for _ in 0..<placement.count {
      let slots = device.readings(
        from: placement.between.lowerBound.milliseconds,
        through: placement.between.upperBound.milliseconds - lengthMs)
      guard !slots.isEmpty else {
        throw fault("no reading of \(device.id) leaves room for it between the two times", anomaly: number)
      }
      guard
        let reading = freeSlot(
          in: slots, of: device, sensor: sensor, lengthMs: lengthMs, placement.allowsOverlap, &generator)
      else {
        throw fault(
          "no room on \(placement.sensor) of \(device.id) that other anomalies leave free; widen “between”, or allow it with allow_overlap: true",
          anomaly: number)
      }
      device.add(placement, sensor: sensor, scale: scale, reading: reading, lengthMs: lengthMs, generator)
    }
  }

  /// A reading of `slots` at which the anomaly can start: drawn at random, else the next one that is free.
  private func freeSlot(
    in slots: Range<Int64>, of device: PlannedDevice, sensor: Int, lengthMs: Int64, _ allowsOverlap: Bool,
    _ generator: inout SeededGenerator
  ) -> Int64? {
    let first = generator.index(below: slots.count)
    if allowsOverlap { return slots.lowerBound + Int64(first) }
    for step in 0..<slots.count {
      let reading = slots.lowerBound + Int64((first + step) % slots.count)
      if device.isFree(sensor: sensor, reading: reading, lengthMs: lengthMs) { return reading }
    }
    return nil
  }
}
