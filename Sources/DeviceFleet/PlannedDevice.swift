import Telemetry

/// One device of a plan: what it publishes, when, and what goes wrong with it.
package struct PlannedDevice: Sendable {
  package let id: DeviceID
  /// In the order of the payload.
  package let sensors: [SensorPlan]
  /// When it reads its sensors.
  let times: PublishingTimes
  /// How many instants it publishes together.
  let batch: Int
  /// How many messages it publishes.
  package private(set) var messageCount: Int
  /// How many values they carry together.
  package private(set) var readingCount: Int
  let start: Timestamp
  let seed: UInt64
  let order: SensorOrder
  private let durationMs: Int64
  private(set) var anomalies: [PlacedAnomaly] = []
  private var transport: [(fault: PlacedTransportFault, label: Label)] = []

  init(
    id: DeviceID, sensors: [SensorPlan], order: SensorOrder, times: PublishingTimes, batch: Int,
    start: Timestamp, duration: Duration, seed: UInt64
  ) {
    self.id = id
    self.sensors = sensors
    self.order = order
    self.times = times
    self.batch = batch
    self.start = start
    self.seed = seed
    durationMs = duration.milliseconds
    // What is read is published unless every sensor drops out; ``settle()`` sees to that.
    messageCount = times.count
    readingCount = times.count * sensors.count
  }

  /// What goes wrong with the device; nothing of which no message was published.
  package private(set) var labels: [Label] = []

  /// What goes wrong with its messages on their way.
  package var transportLabels: [Label] { transport.map(\.label) }

  /// What leaves the device.
  package func deliveries() -> DeliveryStream {
    DeliveryStream(MessageStream(messages()), batch: batch, faults: transport.map(\.fault))
  }

  var departures: Departures {
    var departures = Departures()
    if batch > 1 { departures.batchSpan = times.evenSpan(ofReadings: batch) ?? .zero }
    departures.isIrregular =
      !transport.isEmpty || batch > 1 && times.evenSpan(ofReadings: batch) == nil
    departures.hasWrongClock = anomalies.contains { $0.origin == .clock }
    return departures
  }

  mutating func add(_ placement: TransportPlacement, number: Int) {
    transport.append(placement.place(on: id, start: start, seed: seed, number: number))
  }

  /// Every message of the device, made as it is asked for: epoch 1, sequence from 0.
  package func messages() -> PlannedMessages { PlannedMessages(self) }

  func isFree(sensor: Int?, reading: Int64, lengthMs: Int64) -> Bool {
    let begin = times.elapsedMs(reading)
    return !anomalies.contains { $0.sensor == sensor && $0.beginMs < begin + lengthMs && begin < $0.endMs }
  }

  /// Adds an anomaly of `sensor`, an index; nil for one of the whole device.
  mutating func add(
    _ placement: AnomalyPlacement, sensor: Int?, reading: Int64, lengthMs: Int64, _ generator: SeededGenerator
  ) {
    let begin = times.elapsedMs(reading)
    let end = min(begin + lengthMs, durationMs)
    let covered = times.readings(from: begin, through: end - 1)
    let (course, parameters) = placement.anomaly.begin(
      AnomalyContext(
        statistics: sensor.map { order.statistics[$0] } ?? SignalStatistics(),
        periodMs: sensor.flatMap { sensors[$0].period?.milliseconds }, beginMs: begin,
        readings: covered.count, generator: generator))
    // A label lies where the readings lie that are wrong: at the times that they carry.
    let aheadMs = course.aheadMs
    var label = Label(
      device: id, sensor: sensor.map { sensors[$0].id }, kind: placement.name,
      start: start + .milliseconds(begin + aheadMs), end: start + .milliseconds(end + aheadMs),
      severity: placement.severity, parameters: parameters)
    if !isFree(sensor: sensor, reading: reading, lengthMs: lengthMs) { label.parameters["overlaps"] = "true" }
    anomalies.append(
      PlacedAnomaly(
        sensor: sensor, origin: placement.origin, beginMs: begin, endMs: end, course: course, label: label))
  }

  /// Counts what is published once everything is in its place, and settles the labels.
  mutating func settle() {
    labels = anomalies.map(\.label)
    let mayFallSilent = anomalies.contains { $0.label.kind == DropoutAnomaly.name }
    if mayFallSilent {
      var messages = 0
      var readings = 0
      for message in self.messages() {
        messages += 1
        readings += message.values.count
      }
      messageCount = messages
      readingCount = readings
    }
    guard !labels.isEmpty, mayFallSilent || transport.contains(where: \.fault.withholds) else { return }
    // What nobody could see is no ground truth.
    let published = deliveries().flatMap(\.messages).map(\.timestamp).sorted()
    labels.removeAll { label in
      var (low, high) = (0, published.count)
      while low < high {
        let middle = (low + high) / 2
        if published[middle] < label.start { low = middle + 1 } else { high = middle }
      }
      return low == published.count || published[low] >= label.end
    }
  }
}

/// An anomaly in its place.
struct PlacedAnomaly: Sendable {
  /// Index of the sensor; nil for the whole device.
  let sensor: Int?
  let origin: AnomalyOrigin
  /// From the start of the clock.
  let beginMs: Int64
  /// From the start of the clock; the first instant after it.
  let endMs: Int64
  var course: any AnomalyCourse
  let label: Label
}

/// The messages of a planned device, in the order in which they leave.
package struct PlannedMessages: Sequence, IteratorProtocol, Sendable {
  private let device: DeviceID
  private let start: Timestamp
  private let times: PublishingTimes
  private let order: [Int]
  private var slot: Int64 = 0
  private var elapsedMs: Int64 = 0
  private var sequence: Int64 = 0
  /// Shared by all devices of a group.
  private let sensors: [SensorPlan]
  /// The parts of all sensors, one sensor's after another's.
  private var courses: [any SignalCourse] = []
  private var anomalies: [PlacedAnomaly]
  private var moment: Moment
  private var reported: [Double?]
  /// Whether there may be readings of which nothing is published, because every sensor drops out.
  let mayFallSilent: Bool
  /// When the message that ``next()`` gave last is meant to leave. Its own time is another where the device's clock is
  /// wrong.
  package private(set) var due: Timestamp

  init(_ device: PlannedDevice) {
    self.device = device.id
    start = device.start
    due = device.start
    times = device.times
    order = device.order.indices
    anomalies = device.anomalies
    moment = Moment(startMs: device.start.milliseconds, sensors: device.sensors.count)
    reported = Array(repeating: nil, count: device.sensors.count)
    sensors = device.sensors
    let ids = sensors.map(\.id)
    courses.reserveCapacity(sensors.reduce(0) { $0 + $1.signal.count })
    for sensor in sensors {
      for (number, signal) in sensor.signal.enumerated() {
        courses.append(
          signal.begin(
            SignalContext(
              seed: device.seed, stream: RandomStream.signal(device.id.name, sensor.id.name, number),
              sensors: ids,
              statistics: device.order.statistics)))
      }
    }
    mayFallSilent = anomalies.contains { $0.label.kind == DropoutAnomaly.name }
  }

  /// When the message leaves that comes after `ahead` others, or the last one where there are fewer; nil at the end. Known
  /// without making any, unless readings may fall silent.
  func due(ahead: Int) -> Timestamp? {
    guard slot < times.count else { return nil }
    return start + .milliseconds(times.elapsedMs(Swift.min(slot + Int64(ahead), Int64(times.count) - 1)))
  }

  package mutating func next() -> Message? {
    while slot < times.count {
      elapsedMs = times.elapsedMs(slot)
      for sensor in order { reported[sensor] = nextValue(sensor) }
      due = start + .milliseconds(elapsedMs)
      let timestamp = due + .milliseconds(aheadMs())
      slot += 1
      var values: [Message.Value] = []
      values.reserveCapacity(sensors.count)
      for (sensor, value) in reported.enumerated() {
        guard let value else { continue }
        values.append(
          Message.Value(sensor: sensors[sensor].id, value: sensors[sensor].resolution.round(value)))
      }
      guard !values.isEmpty else { continue }
      defer { sequence += 1 }
      return Message(
        device: device, position: Message.Position(epoch: 1, sequence: sequence), timestamp: timestamp,
        values: values)
    }
    return nil
  }

  /// What the sensor reports; nil: nothing.
  private mutating func nextValue(_ sensor: Int) -> Double? {
    moment.move(to: elapsedMs)
    for anomaly in anomalies where isActive(anomaly, sensor, .process) { anomaly.course.bend(&moment) }
    var value = 0.0
    let first = sensors[..<sensor].reduce(0) { $0 + $1.signal.count }
    for part in first..<(first + sensors[sensor].signal.count) { value += courses[part].value(at: moment) }
    for index in anomalies.indices where isActive(anomalies[index], sensor, .process) {
      value = anomalies[index].course.value(insteadOf: value) ?? value
    }
    moment.values[sensor] = value
    var reported: Double? = value
    for index in anomalies.indices where isActive(anomalies[index], sensor, .sensor) {
      // Every course is asked at every reading, also for one that another has taken away: it must not lose step.
      let changed = anomalies[index].course.value(insteadOf: reported ?? value)
      reported = reported == nil ? nil : changed
    }
    return reported
  }

  private func isActive(_ anomaly: PlacedAnomaly, _ sensor: Int?, _ origin: AnomalyOrigin) -> Bool {
    anomaly.sensor == sensor && anomaly.origin == origin && elapsedMs >= anomaly.beginMs
      && elapsedMs < anomaly.endMs
  }

  /// How far the device's clock is ahead at this reading.
  private func aheadMs() -> Int64 {
    anomalies.reduce(0) { $0 + (isActive($1, nil, .clock) ? $1.course.aheadMs : 0) }
  }
}
