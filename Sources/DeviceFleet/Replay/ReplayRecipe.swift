import Telemetry

/// How to read recordings: which CSV files, and what their columns mean.
package struct ReplayRecipe: Hashable, Sendable {
  /// How the time column is written.
  package enum TimeFormat: String, CaseIterable, Sendable {
    /// ISO 8601; without a zone it is UTC.
    case iso8601
    /// Seconds since 1970 UTC, with or without a fraction, which is cut to milliseconds.
    case epochSeconds = "epoch_seconds"
    /// Milliseconds since 1970 UTC.
    case epochMilliseconds = "epoch_milliseconds"
  }

  /// Which device a row belongs to.
  package enum Device: Hashable, Sendable {
    /// The one called like the file, without its extension, in the form that ``ReplayName`` gives it.
    case fileName
    /// The same for every row.
    case fixed(DeviceID)
    /// The one named in this column.
    case column(String)
  }

  /// Where the values are.
  package enum Values: Hashable, Sendable {
    /// A column a sensor. Nil: every column that has no other meaning.
    case wide([String]?)
    /// A row a value: one column names the sensor, another holds the value.
    case long(sensor: String, value: String)
  }

  /// A JSON file of labelled windows in the form of the Numenta Anomaly Benchmark's `combined_windows.json`: an object
  /// from a recording's path to a list of [first, last] times, both within the anomaly.
  package struct LabelWindows: Hashable, Sendable {
    package var path: String
    /// The recording's name in the object. Nil: the one that ends in the CSV file's name.
    package var key: String?

    package init(path: String, key: String? = nil) {
      self.path = path
      self.key = key
    }
  }

  package var files: [String]
  /// An ASCII character.
  package var delimiter: Character
  /// Nil: the first column.
  package var timeColumn: String?
  package var timeFormat: TimeFormat
  package var device: Device
  package var values: Values
  /// Columns to leave aside.
  package var excluded: [String]
  /// Columns that hold 1 where the row is anomalous and 0 where it is not.
  package var labelColumns: [String]
  package var labelWindows: LabelWindows?

  package init(
    files: [String], delimiter: Character = ",", timeColumn: String? = nil, timeFormat: TimeFormat = .iso8601,
    device: Device = .fileName, values: Values = .wide(nil), excluded: [String] = [],
    labelColumns: [String] = [],
    labelWindows: LabelWindows? = nil
  ) {
    self.files = files
    self.delimiter = delimiter
    self.timeColumn = timeColumn
    self.timeFormat = timeFormat
    self.device = device
    self.values = values
    self.excluded = excluded
    self.labelColumns = labelColumns
    self.labelWindows = labelWindows
  }
}

/// Names of columns and files as ids: every character an id cannot have becomes `_`, a first character that is no letter
/// or digit is preceded by `x`, and what is beyond 64 characters is cut. `Volume Flow RateRMS` is `Volume_Flow_RateRMS`.
package enum ReplayName {
  /// `name` in the form of an id; nil where it is empty.
  package static func identifier(_ name: String) -> String? {
    guard !name.isEmpty else { return nil }
    var id = String(name.unicodeScalars.map { isAllowed($0) ? Character($0) : "_" })
    if let first = id.utf8.first, !IdentifierRule.accepts([first]) { id = "x" + id }
    return String(id.prefix(IdentifierRule.maximumLength))
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && IdentifierRule.accepts([0x61, UInt8(scalar.value)])
  }
}
