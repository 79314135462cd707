import Telemetry

/// One reading inside a window.
struct Sample: Hashable, Sendable {
  var timestamp: Int64
  /// -1 for a foreign device.
  var epoch: Int64
  /// Of a foreign device the time that the message came with, which is another where the message was moved.
  var sequence: Int64
  var value: Double

  /// What a foreign message is told apart by: the time that it came with.
  var original: Int64 { epoch < 0 ? sequence : timestamp }

  /// The canonical order: time, then epoch, then sequence; of a foreign device, which has neither, the time that it came
  /// with, then value.
  static func precedes(_ a: Sample, _ b: Sample) -> Bool {
    (a.timestamp, a.epoch, a.sequence, a.value) < (b.timestamp, b.epoch, b.sequence, b.value)
  }
}

/// The readings of one sensor in one window, and how often they were published as a row.
struct SensorWindow: Hashable, Sendable {
  var samples: [Sample] = []
  /// 0 until the window closes.
  var revision = 0
}

/// A window of one device: closed or still open, and kept until no reading can change it any more.
struct DeviceWindow: Hashable, Sendable {
  var start: Int64
  /// The first instant after.
  var end: Int64
  /// Whether its rows have been published and stand.
  var isClosed = false
  /// Ascending by sensor.
  var sensors: [SensorID] = []
  var contents: [SensorWindow] = []

  init(start: Int64, end: Int64) {
    self.start = start
    self.end = end
  }

  /// The place of `sensor`, made where there is none yet.
  mutating func index(of sensor: SensorID) -> Int {
    // A handful of sensors: a scan beats a dictionary. The names are compared directly; through `Equatable` of another module it is
    // a call each.
    if let index = sensors.firstIndex(where: { $0.name == sensor.name }) { return index }
    let index = sensors.firstIndex { sensor < $0 } ?? sensors.count
    sensors.insert(sensor, at: index)
    contents.insert(SensorWindow(), at: index)
    return index
  }

  /// Adds the readings of `message`, which came with the time `original`.
  mutating func add(_ message: Message, _ original: Timestamp) {
    for value in message.values {
      contents[index(of: value.sensor)].samples.append(
        Sample(
          timestamp: message.timestamp.milliseconds, epoch: message.position?.epoch ?? -1,
          sequence: message.position?.sequence ?? original.milliseconds, value: value.value))
    }
  }
}

/// One device's part of the fold's state.
struct DeviceState: Sendable {
  var name: DeviceID
  var seen = SeenMessages()
  /// The newest event time.
  var maxEvent: Int64
  /// Ascending by start; open windows and closed ones that still take late readings.
  var windows: [DeviceWindow] = []
  /// How many messages there had been when it was heard of last.
  var heardAt = 0
  /// What the plan lists of it.
  var arrivals: PlannedArrivals.Device?
  /// Of a planned device the newest arrival, in milliseconds.
  var arrived = Int64.max
  /// Of a planned device: what it publishes becomes visible after this, because the fleet had gone on without it. Nil before
  /// its first message.
  var visibleAfter: Int64?

  init(name: DeviceID, maxEvent: Int64) {
    self.name = name
    self.maxEvent = maxEvent
  }

  /// How far the device has come in event time. Where it is known when messages arrive, a clock that is ahead does not count:
  /// what is measured until the rest of the fleet is there too would else be late.
  var reached: Int64 { min(maxEvent, arrived) }

  /// When a message of a planned device arrives that came with the time `original`.
  func arrival(_ message: Message, _ original: Timestamp) -> Int64 {
    (arrivals?.arrival(original, message.position) ?? original).milliseconds
  }
}
