import Telemetry

/// The values of keys that a scenario leaves out.
enum ScenarioDefaults {
  static let seed: UInt64 = 1
  /// A round date in the recent past of most readers; nothing depends on it.
  static let start = Timestamp(milliseconds: 1_767_225_600_000)
  /// Long enough for the spread of a dozen readings, short enough to find an anomaly soon.
  static let window = Duration.seconds(300)
  /// More than a broker or a slow link reorders.
  static let outOfOrderness = Duration.seconds(30)
  /// A device that was out of reach for one window can still correct it.
  static let allowedLateness = Duration.seconds(300)
  /// Two worker processes: the least that shows that results do not depend on their number.
  static let nodes = 2
  /// The most devices in a scenario, against a slip of the finger.
  static let mostDevices = 1_000_000
  /// The most readings of a fleet: far more than anything publishes, and far less than whole numbers hold.
  static let mostReadings = 1e15
}
