import Files
import Modelling
import OneClassSVM

/// Why rows of a job could not be scored, and how many for each reason. Reasons that differ in the model that they name, or in the
/// task, are one: where all models are missing, that is what is wrong.
package struct FailedReasons: Hashable, Sendable, Codable {
  package struct Reason: Hashable, Sendable, Codable {
    /// As it was told of the first row.
    package var reason: String
    package var rows: Int
    /// How many models these rows are of.
    package var models: Int

    /// How many rows and models, such as `12 rows of 2 models`.
    package var extent: String {
      "\(rows) \(rows == 1 ? "row" : "rows") of \(models) \(models == 1 ? "model" : "models")"
    }
  }

  /// Those of the most rows first.
  package private(set) var most: [Reason] = []
  /// The rows of reasons beyond those.
  package private(set) var otherRows = 0

  /// Counts the rows of a job's `failed.csv`; none where there is no such file. Throws `CSVError` and `FileError`.
  ///
  /// - Parameter limit: How many reasons are kept.
  package init(of files: JobFolder, limit: Int = ScoringDefaults.shownReasons) throws {
    guard FileStamp(files.failed) != nil else { return }
    var reader = try CSVReader(path: files.failed)
    let device = try reader.column("device")
    let sensor = try reader.column("sensor")
    let column = try reader.column("reason")
    var found: [String: (reason: Reason, lastModel: String)] = [:]
    // The rows of a model follow each other, and mostly have one reason.
    var last: (model: String, reason: String, kind: String)?
    while let row = try reader.nextRow() {
      let reason = row.fields[column]
      let model = "\(row.fields[device])/\(row.fields[sensor])"
      let kind: String
      if let last, last.model == model, last.reason == reason {
        kind = last.kind
      } else {
        kind = Self.kind(of: reason, device: row.fields[device], sensor: row.fields[sensor])
        last = (model, reason, kind)
      }
      var entry = found[kind] ?? (Reason(reason: reason, rows: 0, models: 0), "")
      entry.reason.rows += 1
      if entry.lastModel != model { entry.reason.models += 1 }
      entry.lastModel = model
      found[kind] = entry
    }
    let sorted = found.sorted { ($1.value.reason.rows, $0.key) < ($0.value.reason.rows, $1.key) }
    most = sorted.prefix(limit).map(\.value.reason)
    otherRows = sorted.dropFirst(limit).reduce(0) { $0 + $1.value.reason.rows }
  }

  /// `reason` without the names of its model and of its task.
  static func kind(of reason: String, device: String, sensor: String) -> String {
    let stem = ModelFile.stem(device: device, sensor: sensor == ModelKey.wholeDevice ? nil : sensor)
    return reason.replacing(#/^task [0-9]+ failed: /#, with: "task failed: ").replacing(stem, with: "…")
  }

  /// A sentence about the most frequent reason; nil where no row has failed.
  package var sentence: String? {
    most.first.map { "The most frequent reason, of \($0.extent): \($0.reason)" }
  }
}
