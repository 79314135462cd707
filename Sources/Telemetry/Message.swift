/// One instant of one device as it travels over MQTT: the values of one or more sensors.
///
/// `epoch` counts the lives of the device (its boots) and `sequence` its messages within one life; a foreign device
/// sends neither.
public struct Message: Hashable, Sendable {
  /// The value of one sensor.
  public struct Value: Hashable, Sendable {
    public var sensor: SensorID
    /// Always finite.
    public var value: Double

    public init(sensor: SensorID, value: Double) {
      self.sensor = sensor
      self.value = value
    }
  }

  /// Which message of a device this is.
  public struct Position: Hashable, Comparable, Sendable {
    /// The life of the device, from 0.
    public var epoch: Int64
    /// The message within that life, from 0.
    public var sequence: Int64

    public init(epoch: Int64, sequence: Int64) {
      self.epoch = epoch
      self.sequence = sequence
    }

    public static func < (a: Position, b: Position) -> Bool {
      (a.epoch, a.sequence) < (b.epoch, b.sequence)
    }
  }

  public var device: DeviceID
  /// Nil for a foreign device, whose readings are told apart by device, sensor and time alone.
  public var position: Position?
  /// When the values were measured.
  public var timestamp: Timestamp
  /// At least one value, each sensor once, in the payload's order.
  public var values: [Value]

  public init(device: DeviceID, position: Position?, timestamp: Timestamp, values: [Value]) {
    self.device = device
    self.position = position
    self.timestamp = timestamp
    self.values = values
  }
}

/// The topics that devices publish on.
public enum TelemetryTopic {
  /// Matches the telemetry of every device.
  public static let filter = "devices/+/telemetry"

  /// `devices/<device>/telemetry`.
  public static func name(of device: DeviceID) -> String { "devices/\(device.name)/telemetry" }

  /// The device's part of a topic of the form `…/<device>/<last>`, where it is an id; nil otherwise.
  public static func device(in topic: some StringProtocol) -> DeviceID? {
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2 else { return nil }
    return DeviceID(parts[parts.count - 2])
  }
}
