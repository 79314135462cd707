import OneClassSVM

/// The rows of a request, whatever protocol they came in: numbers in columns, and of which device and sensor each row is.
struct RequestRows: Hashable, Sendable {
  /// What the columns are called; nil where they are the model's features in the model's order.
  var columns: [String]?
  /// How many columns there are.
  var width: Int
  /// Row by row, `count × width`; NaN where there was no number.
  var values: [Double]
  var count: Int
  /// A device a row; empty where the request does not say.
  var devices: [String] = []
  /// A sensor a row; empty where the request does not say.
  var sensors: [String] = []

  init(columns: [String]?, width: Int, values: [Double], count: Int) {
    self.columns = columns
    self.width = width
    self.values = values
    self.count = count
  }

  /// The column that names the device of a row.
  static let deviceColumn = "device"
  /// The column that names the sensor of a row, where a model sees one sensor.
  static let sensorColumn = "sensor"
}

/// What came out for the rows of a request, in their order.
struct RequestScores: Hashable, Sendable {
  var scores: [Double]
  /// The version of the model that scored every row; nil where rows were scored by several.
  var version: String?
  /// A version a row, where they were scored by several.
  var versions: [String] = []
  /// Whether each row is an anomaly; nil where the sign of its score says so.
  var flags: [Bool]?

  /// The version of the model that scored a row.
  func version(ofRow row: Int) -> String { version ?? versions[row] }

  /// 1 for an anomaly, else 0, as in prediction files.
  func prediction(ofRow row: Int) -> Int {
    (flags?[row] ?? OneClassModel.isAnomaly(scores[row])) ? 1 : 0
  }
}
