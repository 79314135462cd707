import Telemetry
import Wording

/// What a fleet of devices will publish: every message and every anomaly, settled by the seed before anything is sent.
///
/// Each device draws from streams of its own, named after it, so it sends the same messages whatever the other devices
/// are and however the fleet is split over connections, threads and processes.
package struct FleetPlan: MessageSource {
  package let seed: UInt64
  /// When the clock starts.
  package let start: Timestamp
  package let duration: Duration
  package let devices: [PlannedDevice]
  package let deviceIDs: [DeviceID]
  package let messageCount: Int
  package let readingCount: Int
  package let labels: [Label]
  package let transportLabels: [Label]
  package let groups: [PublishingGroup]

  /// Settles the plan. Throws ``FleetPlanError`` for the first fault it meets: nothing to publish, names that are no ids
  /// or taken twice, anomalies outside the clock, on sensors that do not exist, or without room.
  package init(seed: UInt64, start: Timestamp, duration: Duration, groups: [DeviceGroup])
    throws(FleetPlanError)
  {
    self.seed = seed
    self.start = start
    self.duration = duration
    var devices: [PlannedDevice] = []
    var taken: Set<DeviceID> = []
    var publishing: [PublishingGroup] = []
    for (index, group) in groups.enumerated() {
      let planner = GroupPlanner(index: index, group: group, seed: seed, start: start, duration: duration)
      for device in try planner.devices() {
        guard taken.insert(device.id).inserted else {
          throw FleetPlanError(
            group: index, anomaly: nil, reason: "another group has a device \(device.id) already")
        }
        devices.append(device)
      }
      let first = publishing.last?.devices.upperBound ?? 0
      publishing.append(
        PublishingGroup(name: group.name, devices: first..<devices.count, style: group.style))
    }
    self.devices = devices
    deviceIDs = devices.map(\.id)
    self.groups = publishing
    messageCount = devices.reduce(0) { $0 + $1.messageCount }
    readingCount = devices.reduce(0) { $0 + $1.readingCount }
    labels = devices.flatMap(\.labels).sorted(by: Label.inFileOrder)
    transportLabels = devices.flatMap(\.transportLabels).sorted(by: Label.inFileOrder)
  }

  package func messageCount(ofDeviceAt index: Int) -> Int { devices[index].messageCount }

  /// How many messages all devices send together before so much of the clock has passed, without transport faults.
  package func messageCount(before time: Duration) -> Int {
    devices.reduce(0) { $0 + $1.times.readings(from: 0, through: time.milliseconds - 1).count }
  }

  package func sensors(ofDeviceAt index: Int) -> [SensorID] { devices[index].sensors.map(\.id) }

  package func deliveries(ofDeviceAt index: Int) -> DeliveryStream { devices[index].deliveries() }

  package func departures(ofDeviceAt index: Int) -> Departures { devices[index].departures }

  package func messages(ofDeviceAt index: Int) -> MessageStream { MessageStream(devices[index].messages()) }
}

/// Plans the devices of one group.
private struct GroupPlanner {
  let index: Int
  let group: DeviceGroup
  let seed: UInt64
  let start: Timestamp
  let duration: Duration

  func devices() throws(FleetPlanError) -> [PlannedDevice] {
    let order = try check()
    var devices: [PlannedDevice] = []
    devices.reserveCapacity(group.count)
    let everyMs = group.every.milliseconds
    for name in group.deviceNames {
      guard let id = DeviceID(name) else { throw fault("\(name.quoted) is not a device id") }
      var generator = SeededGenerator(seed: seed, stream: RandomStream.offset(name))
      // Devices in the field do not tick together; neither do these.
      let offset = Int64(generator.index(below: Int(min(everyMs, duration.milliseconds))))
      let device = PlannedDevice(
        id: id, sensors: group.sensors, order: order,
        times: PublishingTimes(
          every: group.every, offset: .milliseconds(offset), duration: duration, rhythm: group.rhythm,
          seed: seed, stream: RandomStream.jitter(name)),
        batch: group.style.batch, start: start, duration: duration, seed: seed)
      devices.append(device)
    }
    for (number, placement) in group.anomalies.enumerated() {
      let stream = RandomStream.chosenDevices(group.name, anomaly: number)
      for device in try chosen(placement.devices, number, stream, among: devices) {
        try place(placement, number, on: &devices[device])
      }
    }
    for (number, placement) in group.transport.enumerated() {
      guard placement.between.lowerBound >= .zero, placement.between.upperBound <= duration else {
        throw fault("transport[\(number)] lies outside the clock")
      }
      let stream = RandomStream.chosenDevices(group.name, transport: number)
      for device in try chosen(placement.devices, nil, stream, among: devices) {
        devices[device].add(placement, number: number)
      }
    }
    for index in devices.indices { devices[index].settle() }
    return devices
  }

  private func fault(_ reason: String, anomaly: Int? = nil) -> FleetPlanError {
    FleetPlanError(group: index, anomaly: anomaly, reason: reason)
  }

  private func check() throws(FleetPlanError) -> SensorOrder {
    guard duration >= .milliseconds(1) else { throw fault("the clock's duration is below a millisecond") }
    guard group.count >= 0 else { throw fault("a count of \(group.count) devices") }
    guard group.every >= .milliseconds(1) else { throw fault("devices publish at most every millisecond") }
    if let rhythm = group.rhythm, !rhythm.keepsApart(group.every) {
      throw fault("with its jitter and stages, a device would publish more often than every millisecond")
    }
    if group.style.batch > 1, !group.style.carriesInstants {
      throw fault(
        "a payload of its form carries one instant; a batch needs senml, a template, or a mapping with records "
          + "that have times of their own")
    }
    guard !group.sensors.isEmpty else { throw fault("\(group.name.quoted) has no sensors") }
    var seen: Set<SensorID> = []
    for sensor in group.sensors where !seen.insert(sensor.id).inserted {
      throw fault("two sensors are called \(sensor.id)")
    }
    do throws(FleetPlanReason) { return try SensorOrder(group.sensors) } catch { throw fault(error.reason) }
  }

  private func chosen(
    _ wanted: AnomalyPlacement.Devices, _ number: Int?, _ stream: String, among devices: [PlannedDevice]
  ) throws(FleetPlanError) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: stream)
    switch wanted {
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
          throw fault("\(group.name.quoted) has no device \(name)", anomaly: number)
        }
        chosen.append(device)
      }
      return chosen
    }
  }

  private func place(_ placement: AnomalyPlacement, _ number: Int, on device: inout PlannedDevice)
    throws(FleetPlanError)
  {
    let sensor = try sensor(placement, number, of: device)
    guard placement.between.lowerBound >= .zero, placement.between.upperBound <= duration else {
      throw fault("it lies outside the clock", anomaly: number)
    }
    var generator = SeededGenerator(seed: seed, stream: RandomStream.anomaly(device.id.name, number))
    let lengthMs = placement.length?.milliseconds ?? 1
    guard lengthMs >= 1 else { throw fault("an anomaly lasts at least a millisecond", anomaly: number) }
    for _ in 0..<count(placement, &generator) {
      let slots = device.times.readings(
        from: placement.between.lowerBound.milliseconds,
        through: placement.between.upperBound.milliseconds - lengthMs)
      guard !slots.isEmpty else {
        throw fault("no reading of \(device.id) leaves room for it between the two times", anomaly: number)
      }
      guard
        let reading = freeSlot(
          in: slots, of: device, sensor: sensor, lengthMs: lengthMs, placement.allowsOverlap,
          takesFirst: placement.takesFirst, &generator)
      else {
        throw fault(
          "no room on \(placement.sensor?.name ?? "the clock") of \(device.id) that other anomalies leave free; widen “between”, or allow it with allow_overlap: true",
          anomaly: number)
      }
      device.add(placement, sensor: sensor, reading: reading, lengthMs: lengthMs, generator)
    }
  }

  /// The sensor it hits, as an index; nil where it hits the device. Checks that it can show there.
  private func sensor(_ placement: AnomalyPlacement, _ number: Int, of device: PlannedDevice)
    throws(FleetPlanError) -> Int?
  {
    if case .exactly(let count) = placement.count, count < 1 {
      throw fault("a count of \(count) anomalies", anomaly: number)
    }
    let kind = type(of: placement.anomaly)
    if let meaning = kind.severity, let severity = placement.severity, !meaning.range.contains(severity) {
      throw fault(
        "a severity of \(severity): it is \(meaning.about), from \(meaning.range.lowerBound) to \(meaning.range.upperBound)",
        anomaly: number)
    }
    guard let id = placement.sensor else {
      guard kind.origin == .clock else {
        throw fault("\(kind.name) hits a sensor; name it", anomaly: number)
      }
      return nil
    }
    guard kind.origin != .clock else {
      throw fault("\(kind.name) hits the whole device; leave the sensor out", anomaly: number)
    }
    guard let sensor = device.sensors.firstIndex(where: { $0.id == id }) else {
      throw fault("\(group.name.quoted) has no sensor \(id)", anomaly: number)
    }
    guard device.sensors[sensor].meets(kind.needs, statistics: device.order.statistics[sensor]) else {
      let reason =
        switch kind.needs {
        case .nothing, .spread: "has no spread (its signal is constant), and a severity counts in it"
        case .swing: "has no wave, and \(kind.name) changes how waves swing"
        case .period: "has no pattern that repeats, and \(kind.name) changes one"
        case .noise: "has no noise, and \(kind.name) changes how strong it is"
        }
      throw fault("\(id) \(reason)", anomaly: number)
    }
    guard kind.name != DropoutAnomaly.name || device.sensors.count > 1 else {
      throw fault("\(id) is the device's only sensor; without it nothing would be published", anomaly: number)
    }
    return sensor
  }

  private func count(_ placement: AnomalyPlacement, _ generator: inout SeededGenerator) -> Int {
    switch placement.count {
    case .exactly(let count): return count
    case .perDay(let rate):
      let span = placement.between.upperBound - placement.between.lowerBound
      return Self.poisson(rate * span.seconds / 86_400, &generator)
    }
  }

  /// A number of the Poisson distribution around `mean`: how many even numbers can be multiplied before the product falls
  /// below e^-mean (Knuth, The Art of Computer Programming, volume 2, 3.4.1).
  private static func poisson(_ mean: Double, _ generator: inout SeededGenerator) -> Int {
    let limit = PortableMath.exp(-mean)
    var product = generator.uniform()
    var count = 0
    while product > limit {
      product *= generator.uniform()
      count += 1
    }
    return count
  }

  /// A reading of `slots` at which the anomaly can start: the first, or one drawn at random, else the next one that is
  /// free.
  private func freeSlot(
    in slots: Range<Int64>, of device: PlannedDevice, sensor: Int?, lengthMs: Int64, _ allowsOverlap: Bool,
    takesFirst: Bool, _ generator: inout SeededGenerator
  ) -> Int64? {
    let first = generator.index(below: slots.count)
    if takesFirst {
      let reading = slots.lowerBound
      return allowsOverlap || device.isFree(sensor: sensor, reading: reading, lengthMs: lengthMs)
        ? reading : nil
    }
    if allowsOverlap { return slots.lowerBound + Int64(first) }
    for step in 0..<slots.count {
      let reading = slots.lowerBound + Int64((first + step) % slots.count)
      if device.isFree(sensor: sensor, reading: reading, lengthMs: lengthMs) { return reading }
    }
    return nil
  }
}
