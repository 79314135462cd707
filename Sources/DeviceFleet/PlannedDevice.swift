import Detection
import Telemetry

/// One device of a plan: what it publishes, when, and what goes wrong with it.
public struct PlannedDevice: Sendable {
  public let id: DeviceID
  /// In the order of the payload.
  public let sensors: [SensorPlan]
  /// The time from one message to the next.
  public let every: Duration
  /// From the start of the clock to the first message.
  public let offset: Duration
  public let messageCount: Int
  let start: Timestamp
  let seed: UInt64
  private let durationMs: Int64
  private(set) var anomalies: [PlacedAnomaly] = []

  init(
    id: DeviceID, sensors: [SensorPlan], every: Duration, offset: Duration, start: Timestamp,
    duration: Duration,
    seed: UInt64
  ) {
    self.id = id
    self.sensors = sensors
    self.every = every
    self.offset = offset
    self.start = start
    self.seed = seed
    durationMs = duration.milliseconds
    let spanMs = durationMs - offset.milliseconds
    messageCount = spanMs <= 0 ? 0 : Int((spanMs - 1) / every.milliseconds + 1)
  }

  /// What goes wrong with the device.
  public var labels: [Label] { anomalies.map(\.label) }

  /// Every message of the device, made as it is asked for: epoch 1, sequence from 0.
  public func messages() -> PlannedMessages { PlannedMessages(self) }

  /// Milliseconds from the start of the clock to the reading.
  func elapsedMs(ofReading reading: Int64) -> Int64 { offset.milliseconds + reading * every.milliseconds }

  /// The readings whose time is in `from…through`, both in milliseconds from the start of the clock.
  func readings(from: Int64, through: Int64) -> Range<Int64> {
    let everyMs = every.milliseconds
    let offsetMs = offset.milliseconds
    let first = max(0, (from - offsetMs + everyMs - 1) / everyMs)
    let last = through < offsetMs ? -1 : min(Int64(messageCount) - 1, (through - offsetMs) / everyMs)
    return first <= last ? first..<(last + 1) : 0..<0
  }

  func isFree(sensor: Int, reading: Int64, lengthMs: Int64) -> Bool {
    let begin = elapsedMs(ofReading: reading)
    return !anomalies.contains { $0.sensor == sensor && $0.beginMs < begin + lengthMs && begin < $0.endMs }
  }

  mutating func add(
    _ placement: AnomalyPlacement, sensor: Int, scale: Double, reading: Int64, lengthMs: Int64,
    _ generator: SeededGenerator
  ) {
    let begin = elapsedMs(ofReading: reading)
    let end = min(begin + lengthMs, durationMs)
    let covered = readings(from: begin, through: end - 1)
    let (course, parameters) = placement.anomaly.begin(
      AnomalyContext(scale: scale, readings: covered.count, generator: generator))
    var label = Label(
      device: id, sensor: sensors[sensor].id, kind: placement.name, start: start + .milliseconds(begin),
      end: start + .milliseconds(end), severity: placement.severity, parameters: parameters)
    if !isFree(sensor: sensor, reading: reading, lengthMs: lengthMs) { label.parameters["overlaps"] = "true" }
    anomalies.append(PlacedAnomaly(sensor: sensor, beginMs: begin, endMs: end, course: course, label: label))
  }
}

/// An anomaly in its place.
struct PlacedAnomaly: Sendable {
  /// Index of the sensor.
  let sensor: Int
  /// From the start of the clock.
  let beginMs: Int64
  /// From the start of the clock; the first instant after it.
  let endMs: Int64
  var course: any AnomalyCourse
  let label: Label
}

/// The messages of a planned device, in order of time.
public struct PlannedMessages: Sequence, IteratorProtocol, Sendable {
  private struct SensorCourse {
    let id: SensorID
    let resolution: Resolution
    var parts: [any SignalCourse]
  }

  private let device: DeviceID
  private let start: Timestamp
  private let everyMs: Int64
  private let count: Int
  private var elapsedMs: Int64
  private var sequence = 0
  private var sensors: [SensorCourse]
  private var anomalies: [PlacedAnomaly]

  init(_ device: PlannedDevice) {
    self.device = device.id
    start = device.start
    everyMs = device.every.milliseconds
    count = device.messageCount
    elapsedMs = device.offset.milliseconds
    anomalies = device.anomalies
    sensors = device.sensors.map { sensor in
      let parts = sensor.signal.enumerated().map { number, signal in
        signal.begin(SeededGenerator(seed: device.seed, stream: "\(device.id)/\(sensor.id)/signal-\(number)"))
      }
      return SensorCourse(id: sensor.id, resolution: sensor.resolution, parts: parts)
    }
  }

  public mutating func next() -> Message? {
    guard sequence < count else { return nil }
    var values: [Message.Value] = []
    values.reserveCapacity(sensors.count)
    for sensor in sensors.indices { values.append(nextValue(sensor)) }
    let message = Message(
      device: device, position: Message.Position(epoch: 1, sequence: Int64(sequence)),
      timestamp: start + .milliseconds(elapsedMs), values: values)
    sequence += 1
    elapsedMs += everyMs
    return message
  }

  private mutating func nextValue(_ sensor: Int) -> Message.Value {
    var value = 0.0
    for part in sensors[sensor].parts.indices { value += sensors[sensor].parts[part].value(at: elapsedMs) }
    for index in anomalies.indices {
      let anomaly = anomalies[index]
      guard anomaly.sensor == sensor, elapsedMs >= anomaly.beginMs, elapsedMs < anomaly.endMs else {
        continue
      }
      value = anomalies[index].course.value(insteadOf: value)
    }
    return Message.Value(sensor: sensors[sensor].id, value: sensors[sensor].resolution.round(value))
  }
}
