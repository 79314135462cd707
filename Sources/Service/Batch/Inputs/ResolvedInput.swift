import Files
import Telemetry

/// What a job reads, once its request has been looked into.
package enum ResolvedInput: Hashable, Sendable, Codable {
  /// The folder of a run: the windows of its store.
  case run(folder: String)
  /// CSV files of aggregated rows.
  case files(PlainInput)

  /// The folder, in which one job runs at a time.
  package var folder: String {
    switch self {
    case .run(let folder): folder
    case .files(let input): input.folder
    }
  }
}

/// CSV files in a folder, and how they are read.
package struct PlainInput: Hashable, Sendable, Codable {
  /// Absolute.
  package var folder: String
  /// Names in it, in their order.
  package var files: [String]
  package var format = PlainFormat()
  /// The folder of the models, one a (device, sensor) or a whole device.
  package var models: String

  package init(folder: String, files: [String], format: PlainFormat = PlainFormat(), models: String) {
    self.folder = folder
    self.files = files
    self.format = format
    self.models = models
  }
}

/// How CSV files of aggregated rows are read.
package struct PlainFormat: Hashable, Sendable, Codable {
  /// As `sonde score --columns` takes them; nil for the usual names.
  package var columns: String?
  /// One ASCII character.
  package var delimiter = ","
  /// What times that are numbers count; nil to tell it from the numbers.
  package var timeUnit: String?

  package init() {}
}
