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
  /// A climb: far enough for a thirtyfold load, in steps small enough for a knee that is known to a quarter, each long enough for the
  /// 99th percentile of a thousand messages and more.
  static let climbRatio = 1.25
  static let climbSteps = 20
  static let climbStep = Duration.seconds(5)
  static let climbRest = Duration.seconds(1)
  /// What a person at a screen still calls at once.
  static let climbLatency = Duration.milliseconds(250)
  /// Larger steps would only say the order of magnitude.
  static let steepestClimb = 10.0
  /// Shorter steps are noise, and within a shorter rest it cannot be told what became of a step. Wall-clock time.
  static let shortestClimbStep = Duration.seconds(1)
  static let shortestClimbRest = Duration.milliseconds(500)
  /// The most devices in a scenario, against a slip of the finger.
  static let mostDevices = 1_000_000
  /// The most readings of a fleet: far more than anything publishes, and far less than whole numbers hold.
  static let mostReadings = 1e15
}
