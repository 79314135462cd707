/// What is known to be wrong, where and when: one anomaly of one device.
package struct Label: Hashable, Sendable {
  package var device: DeviceID
  /// Nil where the anomaly concerns the device as a whole; written as `*`.
  package var sensor: SensorID?
  /// The name of the anomaly, such as `mean` or `stuck-at`; for a recording, where the label came from.
  package var kind: String
  /// The time of the first reading that is wrong.
  package var start: Timestamp
  /// The first instant after the anomaly.
  package var end: Timestamp
  /// How strong, in multiples of the sensor's usual spread; nil for kinds without a strength.
  package var severity: Double?
  /// Further facts by name. Neither names nor values contain `=` or `;`.
  package var parameters: [String: String]

  package init(
    device: DeviceID, sensor: SensorID?, kind: String, start: Timestamp, end: Timestamp,
    severity: Double? = nil, parameters: [String: String] = [:]
  ) {
    self.device = device
    self.sensor = sensor
    self.kind = kind
    self.start = start
    self.end = end
    self.severity = severity
    self.parameters = parameters
  }

  /// Whether the label says something about `sensor` of its device; nil asks for the whole device.
  package func concerns(_ sensor: SensorID?) -> Bool {
    self.sensor == nil || sensor == nil || self.sensor == sensor
  }

  /// The order of `labels.csv`: device, start, sensor, kind.
  package static func inFileOrder(_ a: Label, _ b: Label) -> Bool {
    if a.device != b.device { return a.device < b.device }
    if a.start != b.start { return a.start < b.start }
    if a.sensor != b.sensor { return (a.sensor?.name ?? "*") < (b.sensor?.name ?? "*") }
    return a.kind < b.kind
  }
}
