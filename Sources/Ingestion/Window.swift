import Telemetry
import WindowStore

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

  /// Aggregates of the samples in canonical order, so that they do not depend on the order of arrival. There is at
  /// least one sample.
  func aggregates() -> Aggregates {
    var ordered = samples
    let isOrdered = zip(ordered, ordered.dropFirst()).allSatisfy { Sample.precedes($0, $1) }
    if !isOrdered { ordered.sort(by: Sample.precedes) }
    let count = Double(ordered.count)
    var sum = 0.0
    var low = ordered[0].value
    var high = low
    for sample in ordered {
      sum += sample.value
      low = Swift.min(low, sample.value)
      high = Swift.max(high, sample.value)
    }
    let mean = sum / count
    // Two passes: the textbook's one-pass form loses all digits where the mean is large.
    var squares = 0.0
    for sample in ordered {
      let deviation = sample.value - mean
      squares += deviation * deviation
    }
    let values = ordered.map(\.value).sorted()
    return Aggregates(
      count: ordered.count, mean: mean, stddev: (squares / count).squareRoot(), min: low, max: high,
      first: ordered[0].value, last: ordered[ordered.count - 1].value, slope: Self.slope(ordered, mean),
      p05: Self.quantile(0.05, values), p25: Self.quantile(0.25, values), median: Self.quantile(0.5, values),
      p75: Self.quantile(0.75, values), p95: Self.quantile(0.95, values))
  }

  /// Least squares, with times counted from the first reading: large numbers would cost digits.
  private static func slope(_ ordered: [Sample], _ mean: Double) -> Double {
    let origin = ordered[0].timestamp
    var timeSum = 0.0
    for sample in ordered { timeSum += Double(sample.timestamp - origin) }
    let meanTime = timeSum / Double(ordered.count)
    var products = 0.0
    var squares = 0.0
    for sample in ordered {
      let time = Double(sample.timestamp - origin) - meanTime
      products += time * (sample.value - mean)
      squares += time * time
    }
    // Milliseconds to seconds.
    return squares == 0 ? 0 : products / squares * 1000
  }

  /// Type 7 of Hyndman and Fan: linear between the two readings at (n − 1) · share.
  private static func quantile(_ share: Double, _ sorted: [Double]) -> Double {
    let place = Double(sorted.count - 1) * share
    let below = Int(place)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
  }
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
    // A handful of sensors: a scan beats a dictionary.
    if let index = sensors.firstIndex(of: sensor) { return index }
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
