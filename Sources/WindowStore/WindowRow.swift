import Telemetry

/// The aggregates of the readings of one sensor in one window.
public struct Aggregates: Hashable, Sendable, Codable {
  /// How many readings; at least one.
  public var count: Int
  public var mean: Double
  /// The population's standard deviation: √(Σ(x − mean)² / count).
  public var stddev: Double
  public var min: Double
  public var max: Double

  public init(count: Int, mean: Double, stddev: Double, min: Double, max: Double) {
    self.count = count
    self.mean = mean
    self.stddev = stddev
    self.min = min
    self.max = max
  }
}

/// One revision of one closed window of one sensor.
public struct WindowRow: Hashable, Sendable {
  public var device: DeviceID
  public var sensor: SensorID
  /// The first instant inside.
  public var start: Timestamp
  /// The first instant after.
  public var end: Timestamp
  public var aggregates: Aggregates
  /// 1 when the window closed; one more each time a late reading changed it.
  public var revision: Int
  /// The event time from which this revision can be seen. The first revision becomes visible at the end of its window,
  /// a later one just after the watermark at which it was made. Once the fleet's watermark has reached T, no
  /// revision that becomes visible at or before T is added any more, so "everything visible by T" never changes.
  public var visibleFrom: Timestamp

  public init(
    device: DeviceID, sensor: SensorID, start: Timestamp, end: Timestamp, aggregates: Aggregates,
    revision: Int, visibleFrom: Timestamp
  ) {
    self.device = device
    self.sensor = sensor
    self.start = start
    self.end = end
    self.aggregates = aggregates
    self.revision = revision
    self.visibleFrom = visibleFrom
  }
}
