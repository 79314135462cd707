import Telemetry

/// What one sensor of a device measures.
public struct SensorPlan: Sendable {
  public var id: SensorID
  /// The unit, as SenML names it (RFC 8428, section 12.1), such as `Cel`. For people and payloads that carry it.
  public var unit: String?
  /// The parts that are added up.
  public var signal: [any Signal]
  public var resolution: Resolution

  public init(id: SensorID, unit: String? = nil, signal: [any Signal], resolution: Resolution = .standard) {
    self.id = id
    self.unit = unit
    self.signal = signal
    self.resolution = resolution
  }

  /// The usual spread of the values, in the sensor's unit: the root of the summed squares of the parts' standard
  /// deviations, as for independent parts. The severity of an anomaly counts in it.
  public var scale: Double {
    signal.reduce(0) { $0 + $1.standardDeviation * $1.standardDeviation }.squareRoot()
  }
}

/// Devices of one make: `count` of them, called `<name>-0001` and so on.
public struct DeviceGroup: Sendable {
  public var name: String
  public var count: Int
  /// The time from one message of a device to its next.
  public var every: Duration
  /// In the order of the payload.
  public var sensors: [SensorPlan]
  public var anomalies: [AnomalyPlacement]

  public init(
    name: String, count: Int, every: Duration, sensors: [SensorPlan], anomalies: [AnomalyPlacement] = []
  ) {
    self.name = name
    self.count = count
    self.every = every
    self.sensors = sensors
    self.anomalies = anomalies
  }

  /// The names of the devices: numbered from 1, with at least four digits, all of the same length.
  public var deviceNames: [String] {
    guard count > 0 else { return [] }
    let width = max(4, String(count).count)
    return (1...count).map { number in
      let digits = String(number)
      return name + "-" + String(repeating: "0", count: width - digits.count) + digits
    }
  }
}
