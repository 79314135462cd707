import Telemetry

/// Which anomaly hits which devices of a group, and when.
package struct AnomalyPlacement: Sendable {
  /// The devices chosen.
  package enum Devices: Hashable, Sendable {
    case all
    /// A share of the group from 0 to 1, rounded to whole devices; a share above zero is at least one device.
    case share(Double)
    /// So many, drawn at random.
    case count(Int)
    case named([DeviceID])
  }

  /// How many anomalies a device has.
  package enum Count: Hashable, Sendable, ExpressibleByIntegerLiteral {
    case exactly(Int)
    /// So many in 24 hours of the span they are placed in, on average; each device draws its number (Poisson).
    case perDay(Double)

    package init(integerLiteral value: Int) { self = .exactly(value) }
  }

  package var anomaly: any Anomaly
  /// Nil for kinds without a strength.
  package var severity: Double?
  /// Nil for kinds that hit the whole device.
  package var sensor: SensorID?
  package var devices: Devices
  /// The earliest start and the latest end, as offsets from the start of the clock.
  package var between: ClosedRange<Duration>
  /// How long each lasts. Nil: a single reading.
  package var length: Duration?
  /// How many on each chosen device.
  package var count: Count
  /// Whether it may fall onto another anomaly of the same sensor. Such a label carries `overlaps=true`.
  package var allowsOverlap: Bool
  /// Whether it begins with the first reading between the two times, instead of one that is drawn.
  package var takesFirst = false

  package init(
    _ kind: any Anomaly.Type, severity: Double? = nil, sensor: SensorID?, devices: Devices = .all,
    between: ClosedRange<Duration>, length: Duration? = nil, count: Count = 1, allowsOverlap: Bool = false
  ) {
    let severity = kind.defaultSeverity == nil ? nil : severity ?? kind.defaultSeverity
    anomaly = kind.init(severity: severity ?? 0)
    self.severity = severity
    self.sensor = sensor
    self.devices = devices
    self.between = between
    self.length = kind.isPoint ? nil : length
    self.count = count
    self.allowsOverlap = allowsOverlap
  }

  var name: String { type(of: anomaly).name }
  var origin: AnomalyOrigin { type(of: anomaly).origin }
}
