import Detection
import Telemetry

/// Neighbouring anomalous windows of one device: what somebody is to look at, and why.
package struct Alarm: Hashable, Sendable, Encodable {
  package var device: DeviceID
  /// The sensors with an unusual feature, the one farthest from its training first.
  package var sensors: [SensorID]
  /// The start of the first window.
  package var from: Timestamp
  /// The first instant after the last window.
  package var to: Timestamp
  /// How many anomalous windows there are, of all models of the device.
  package var windows: Int
  /// The job that scored the first of them.
  package var job: String
  /// When that job had ended, by the wall clock; nil where that is not recorded.
  package var knownAt: Timestamp?
  /// How far its farthest window lies from the training, in standard deviations: the root of the mean of the squared deviations of
  /// its features. Zero where that window, or its model, is not there any more.
  package var strength: Double
  /// The unusual features, the farthest first; the farthest feature where none is unusual by itself.
  package var reasons: [Reason]

  package init(
    device: DeviceID, sensors: [SensorID], from: Timestamp, to: Timestamp, windows: Int, job: String,
    knownAt: Timestamp?, strength: Double, reasons: [Reason]
  ) {
    self.device = device
    self.sensors = sensors
    self.from = from
    self.to = to
    self.windows = windows
    self.job = job
    self.knownAt = knownAt
    self.strength = strength
    self.reasons = reasons
  }

  /// One feature of an alarm, in the window in which it was farthest from its training.
  package struct Reason: Hashable, Sendable, Encodable {
    /// Such as `temperature.mean`.
    package var feature: String
    package var value: Double
    /// The usual range: three standard deviations around the mean of the training.
    package var usualLow: Double
    package var usualHigh: Double
    /// How many standard deviations the value lies above the mean of the training.
    package var deviations: Double

    private enum CodingKeys: String, CodingKey {
      case feature, value, deviations
      case usualLow = "usual_low"
      case usualHigh = "usual_high"
    }
  }

  package var span: AnomalousSpan {
    var span = AnomalousSpan(start: from, end: to)
    span.windows = windows
    return span
  }

  /// Strongest first; where that is equal, the earlier first.
  package static func isStronger(_ a: Alarm, _ b: Alarm) -> Bool {
    (-a.strength, a.from, a.device) < (-b.strength, b.from, b.device)
  }

  private enum CodingKeys: String, CodingKey {
    case device, sensors, from, to, windows, job, strength, reasons
    case knownAt = "known_at"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(device.name, forKey: .device)
    try container.encode(sensors.map(\.name), forKey: .sensors)
    try container.encode(from, forKey: .from)
    try container.encode(to, forKey: .to)
    try container.encode(windows, forKey: .windows)
    try container.encode(job, forKey: .job)
    // A key that is not known is null, and not missing.
    try container.encode(knownAt, forKey: .knownAt)
    try container.encode(strength, forKey: .strength)
    try container.encode(reasons, forKey: .reasons)
  }
}
