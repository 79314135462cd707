import Telemetry

/// The aggregates of the readings of one sensor in one window, each the double nearest to its true value.
package struct Aggregates: Hashable, Sendable, Codable {
  /// How many readings; at least one, but for ``none``.
  package var count: Int
  package var mean: Double
  /// The population's standard deviation: √(Σ(x − mean)² / count), about the true mean.
  package var stddev: Double
  package var min: Double
  package var max: Double
  /// The value of the first reading in canonical order (time, epoch, sequence).
  package var first: Double
  /// The value of the last one.
  package var last: Double
  /// The slope of the least-squares line through the readings, in units a second; 0 where all have one time. Nil where it is
  /// beyond the largest double. No other aggregate can be: all lie between the readings, or are at most half their range.
  package var slope: Double?
  /// The quantiles 0.05, 0.25, 0.5, 0.75 and 0.95, interpolated between the neighbouring readings (type 7 of Hyndman and
  /// Fan, "Sample Quantiles in Statistical Packages", 1996).
  package var p05: Double
  package var p25: Double
  package var median: Double
  package var p75: Double
  package var p95: Double

  /// Those of no readings at all: of a window that turned out not to be one.
  package static let none = Aggregates(count: 0, mean: 0, stddev: 0, min: 0, max: 0)

  /// What is left out is as if every reading were the mean.
  package init(
    count: Int, mean: Double, stddev: Double, min: Double, max: Double, first: Double? = nil,
    last: Double? = nil,
    slope: Double? = 0, p05: Double? = nil, p25: Double? = nil, median: Double? = nil, p75: Double? = nil,
    p95: Double? = nil
  ) {
    self.count = count
    self.mean = mean
    self.stddev = stddev
    self.min = min
    self.max = max
    self.first = first ?? mean
    self.last = last ?? mean
    self.slope = slope
    self.p05 = p05 ?? mean
    self.p25 = p25 ?? mean
    self.median = median ?? mean
    self.p75 = p75 ?? mean
    self.p95 = p95 ?? mean
  }
}

/// One revision of one closed window of one sensor.
package struct WindowRow: Hashable, Sendable {
  package var device: DeviceID
  package var sensor: SensorID
  /// The first instant inside.
  package var start: Timestamp
  /// The first instant after.
  package var end: Timestamp
  package var aggregates: Aggregates
  /// 1 when the window closed; one more each time a late reading changed it.
  package var revision: Int
  /// Whether this revision takes the window back. A late reading can join two sessions, or move the start of one; the window
  /// that is then none any more gets a last revision, with ``Aggregates/none``.
  package var isWithdrawn: Bool { aggregates.count == 0 }
  /// The event time from which this revision can be seen. The first revision becomes visible at the end of its window,
  /// a later one just after the watermark at which it was made. Once the fleet's watermark has reached T, no
  /// revision that becomes visible at or before T is added any more, so "everything visible by T" never changes.
  package var visibleFrom: Timestamp

  package init(
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
