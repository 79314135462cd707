import Telemetry

/// The windows of one device in a cut, in columns, with the aggregates that somebody asked for: a job reads millions of
/// windows and needs a few numbers of each.
public struct DeviceWindows: Sendable {
  /// One window, without its values.
  public struct Row: Hashable, Sendable {
    /// The position of its sensor in ``DeviceWindows/sensors``.
    public var sensor: Int
    public var start: Timestamp
    public var end: Timestamp
    public var revision: Int
    /// See ``WindowRow/visibleFrom``.
    public var visibleFrom: Timestamp
  }

  public let device: DeviceID
  /// In byte order; all that the store knows, whoever has them.
  public let sensors: [SensorID]
  /// What ``values`` holds of each window.
  public let columns: [AggregateColumn]
  /// By start. Those of one start are of different sensors, in no particular order.
  public private(set) var rows: [Row] = []
  /// For each of ``rows`` as many values as there are ``columns``.
  public private(set) var values: [Double] = []

  /// - Parameter capacity: How many windows there is room for.
  init(device: DeviceID, sensors: [SensorID], columns: [AggregateColumn], capacity: Int) {
    self.device = device
    self.sensors = sensors
    self.columns = columns
    rows.reserveCapacity(capacity)
    values.reserveCapacity(capacity * columns.count)
  }

  /// Takes `windows`, each once, of `device` alone.
  public init(of device: DeviceID, _ windows: some Sequence<WindowRow>, columns: [AggregateColumn]) {
    let windows = windows.sorted { $0.start < $1.start }
    let sensors = Set(windows.map(\.sensor)).sorted()
    let positions = Dictionary(uniqueKeysWithValues: sensors.enumerated().map { ($1, $0) })
    self.init(device: device, sensors: sensors, columns: columns, capacity: windows.count)
    for window in windows {
      guard let sensor = positions[window.sensor] else { continue }
      append(
        Row(
          sensor: sensor, start: window.start, end: window.end, revision: window.revision,
          visibleFrom: window.visibleFrom))
      for column in columns { append(window.aggregates[column]) }
    }
  }

  /// Adds a window, whose values follow.
  mutating func append(_ row: Row) { rows.append(row) }

  /// Adds a value of the last window.
  mutating func append(_ value: Double) { values.append(value) }

  /// Takes the last window away.
  mutating func removeLast() {
    rows.removeLast()
    values.removeLast(columns.count)
  }

  /// Where `sensor` stands in ``sensors``; nil where the store does not know it.
  public func position(of sensor: SensorID) -> Int? {
    var range = sensors.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if sensors[middle] == sensor { return middle }
      range = sensors[middle] < sensor ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// The windows at `indices`, which ascend.
  public func selecting(_ indices: some Collection<Int>) -> DeviceWindows {
    var result = DeviceWindows(
      device: device, sensors: sensors, columns: columns, capacity: indices.count)
    for index in indices {
      result.rows.append(rows[index])
      result.values.append(contentsOf: values[index * columns.count..<(index + 1) * columns.count])
    }
    return result
  }
}
