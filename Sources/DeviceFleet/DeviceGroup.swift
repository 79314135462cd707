import Telemetry

/// What one sensor of a device measures.
package struct SensorPlan: Sendable {
  package var id: SensorID
  /// The unit, as SenML names it (RFC 8428, section 12.1), such as `Cel`. For people and payloads that carry it.
  package var unit: String?
  /// The parts that are added up.
  package var signal: [any Signal]
  package var resolution: Resolution

  package init(id: SensorID, unit: String? = nil, signal: [any Signal], resolution: Resolution = .standard) {
    self.id = id
    self.unit = unit
    self.signal = signal
    self.resolution = resolution
  }

  /// The usual spread of the values, in the sensor's unit, of a sensor that follows no other: the root of the summed
  /// squares of the parts' standard deviations, as for independent parts.
  package var scale: Double { statistics { _ in SignalStatistics() }.standardDeviation }

  /// Where the values usually lie.
  func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    .sum(signal.map { $0.statistics(sensors) })
  }

  /// The sensors that it follows.
  var sources: [SensorID] { signal.flatMap(\.sources) }

  /// The longest pattern that repeats.
  var period: Duration? { signal.compactMap(\.period).max() }

  /// Whether an anomaly with this need would show.
  func meets(_ need: AnomalyNeed, statistics: SignalStatistics) -> Bool {
    switch need {
    case .nothing: true
    case .spread: statistics.standardDeviation > 0
    case .swing: signal.contains { $0.swings }
    case .period: period != nil
    case .noise: signal.contains { $0.isNoisy }
    }
  }
}

/// Devices of one make: `count` of them, called `<name>-0001` and so on.
package struct DeviceGroup: Sendable {
  package var name: String
  package var count: Int
  /// The time from one message of a device to its next.
  package var every: Duration
  /// In the order of the payload.
  package var sensors: [SensorPlan]
  package var anomalies: [AnomalyPlacement]
  package var transport: [TransportPlacement]
  /// Nil: an even pace.
  package var rhythm: PublishingRhythm?
  package var style: PublishingStyle

  package init(
    name: String, count: Int, every: Duration, sensors: [SensorPlan], anomalies: [AnomalyPlacement] = [],
    transport: [TransportPlacement] = [], rhythm: PublishingRhythm? = nil, style: PublishingStyle = .standard
  ) {
    self.name = name
    self.count = count
    self.every = every
    self.sensors = sensors
    self.anomalies = anomalies
    self.transport = transport
    self.rhythm = rhythm
    self.style = style
  }

  /// The names of the devices: numbered from 1, with at least four digits, all of the same length.
  package var deviceNames: [String] { Self.numbered(name, count) }

  static func numbered(_ name: String, _ count: Int) -> [String] {
    guard count > 0 else { return [] }
    let width = max(4, String(count).count)
    return (1...count).map { number in
      let digits = String(number)
      return name + "-" + String(repeating: "0", count: width - digits.count) + digits
    }
  }
}

/// The sensors of a device in the order in which they can be worked out, each after those that it follows.
struct SensorOrder: Sendable {
  /// Indices of the sensors.
  let indices: [Int]
  /// In the order of the sensors, not of ``indices``.
  let statistics: [SignalStatistics]

  /// Throws the reason where a sensor follows one that is not there, or itself by a detour.
  init(_ sensors: [SensorPlan]) throws(FleetPlanReason) {
    var indices: [Int] = []
    var statistics: [SensorID: SignalStatistics] = [:]
    while indices.count < sensors.count {
      let ready = sensors.indices.first { index in
        statistics[sensors[index].id] == nil && sensors[index].sources.allSatisfy { statistics[$0] != nil }
      }
      guard let ready else {
        let waiting = sensors.first { statistics[$0.id] == nil }
        let missing = waiting?.sources.first { source in !sensors.contains { $0.id == source } }
        let name = waiting?.id.name ?? ""
        throw FleetPlanReason(
          reason: missing.map { "\(name) follows \($0), and there is no such sensor" }
            ?? "\(name) follows itself, if only by way of others")
      }
      statistics[sensors[ready].id] = sensors[ready].statistics { statistics[$0] ?? SignalStatistics() }
      indices.append(ready)
    }
    self.indices = indices
    self.statistics = sensors.map { statistics[$0.id] ?? SignalStatistics() }
  }
}

/// Why something cannot be planned, before it is known where that is written.
struct FleetPlanReason: Error {
  let reason: String
}
