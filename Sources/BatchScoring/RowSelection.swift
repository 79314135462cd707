import Files
import Telemetry

/// The rows of an earlier job's `failed.csv`: what a job that tries them again is about.
struct RowSelection: Sendable {
  private struct Key: Hashable {
    var model: ModelKey
    var start: Timestamp
  }

  private var rows: Set<Key> = []
  /// The devices that have rows.
  private(set) var devices: Set<DeviceID> = []

  /// Reads the file at `path`. Throws `CSVError`, `FileError`, ``ScoringError``.
  init(failedFile path: String) throws {
    var reader = try CSVReader(path: path)
    let device = try reader.column("device")
    let sensor = try reader.column("sensor")
    let start = try reader.column("window_start")
    while let row = try reader.nextRow() {
      let label = row.fields[sensor]
      guard let device = DeviceID(row.fields[device]), let time = Timestamp(iso8601: row.fields[start]),
        label == ModelKey.wholeDevice || SensorID(label) != nil
      else { throw ScoringError("\(path):\(row.line): not a row that a job has written") }
      rows.insert(Key(model: ModelKey(device: device, sensor: SensorID(label)), start: time))
      devices.insert(device)
    }
  }

  func contains(_ model: ModelKey, _ start: Timestamp) -> Bool {
    rows.contains(Key(model: model, start: start))
  }
}
