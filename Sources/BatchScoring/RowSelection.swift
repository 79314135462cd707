import Files
import Modelling
import Telemetry

/// The rows of an earlier job's `failed.csv`: what a job that tries them again is about. Notes which of them have been met, and is
/// used from one thread.
final class RowSelection {
  private struct Key: Hashable {
    var model: ModelKey
    var start: Timestamp
  }

  private var rows: [DeviceID: [Key: FailedRow]] = [:]
  private var met: Set<Key> = []

  /// The devices that have rows.
  var devices: Set<DeviceID> { Set(rows.keys) }

  /// Reads the file at `path`. Throws `CSVError`, `FileError`, ``ScoringError``.
  init(failedFile path: String) throws {
    var reader = try CSVReader(path: path)
    let columns = try ["device", "sensor", "window_start", "window_end", "revision"].map(reader.column)
    while let row = try reader.nextRow() {
      let fields = columns.map { row.fields[$0] }
      guard let device = DeviceID(fields[0]), fields[1] == ModelKey.wholeDevice || SensorID(fields[1]) != nil,
        let start = Timestamp(iso8601: fields[2]), let end = Timestamp(iso8601: fields[3]),
        let revision = Int(fields[4])
      else { throw ScoringError("\(path):\(row.line): not a row that a job has written") }
      let model = ModelKey(device: device, sensor: SensorID(fields[1]))
      rows[device, default: [:]][Key(model: model, start: start)] = FailedRow(
        key: model, start: start, end: end, revision: revision,
        reason: "the window is not in the store any more")
    }
  }

  /// Whether the row of `model` that starts at `start` is one of these, which then has been met.
  func meets(_ model: ModelKey, _ start: Timestamp) -> Bool {
    let key = Key(model: model, start: start)
    guard rows[model.device]?[key] != nil else { return false }
    met.insert(key)
    return true
  }

  /// The rows of `devices` that have not been met, in order, each with this as its reason. What was met is forgotten.
  func unmet(of devices: some Sequence<DeviceID>) -> [FailedRow] {
    devices.flatMap { device in
      (rows[device] ?? [:]).filter { met.remove($0.key) == nil }.values
        .sorted { ($0.key, $0.start) < ($1.key, $1.start) }
    }
  }
}
