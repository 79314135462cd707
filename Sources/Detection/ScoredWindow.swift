import Files
import Telemetry
import Wording

/// One row of a prediction file: what a detector says of one window.
package struct ScoredWindow: Hashable, Sendable {
  package var device: DeviceID
  /// Nil for a model of the whole device; written as `*`.
  package var sensor: SensorID?
  package var start: Timestamp
  /// The first instant after the window.
  package var end: Timestamp
  /// The decision value: the lower, the more anomalous.
  package var score: Double
  package var isFlagged: Bool
  /// Which version of the window was scored; a later one replaces an earlier one.
  package var revision: Int
  /// When the job that scored it fired; nil where waiting for the job is no part of a delay.
  package var firedAt: Timestamp?

  /// When it is known what the window is: a window is over at its end, and a job may come later.
  var knownAt: Timestamp { max(end, firedAt ?? end) }

  package init(
    device: DeviceID, sensor: SensorID?, start: Timestamp, end: Timestamp, score: Double, isFlagged: Bool,
    revision: Int = 1
  ) {
    self.device = device
    self.sensor = sensor
    self.start = start
    self.end = end
    self.score = score
    self.isFlagged = isFlagged
    self.revision = revision
  }
}

extension ScoredWindow {
  /// The columns of a prediction file that an evaluation needs.
  package static let columns = ["device", "sensor", "window_start", "window_end", "score", "prediction"]

  /// The windows of the prediction file at `path`, in the file's order. Columns other than ``columns`` and `revision` are
  /// passed over, so that files of other detectors can be evaluated too. Throws `FileError` and `CSVError`.
  package static func read(_ path: String) throws -> [ScoredWindow] {
    try read(CSVReader(path: path))
  }

  /// The same with scores counted from another boundary: that of the model of a row is moved down by `lowering` of its version,
  /// which is the column `model_version`; empty where the file has none.
  package static func read(_ path: String, lowering: (String) -> Double) throws -> [ScoredWindow] {
    let windows = try read(path)
    var reader = try CSVReader(path: path)
    guard let column = reader.header.firstIndex(of: "model_version") else {
      let shift = lowering("")
      return windows.map { $0.counted(from: shift) }
    }
    var index = 0
    return try windows.map { window in
      guard let row = try reader.nextRow() else {
        throw CSVError(path: path, line: index + 2, reason: "the file changed while it was read")
      }
      index += 1
      return window.counted(from: lowering(row.fields[column]))
    }
  }

  private func counted(from lowering: Double) -> ScoredWindow {
    var window = self
    window.score -= lowering
    return window
  }

  /// The windows that `reader` gives. Throws `CSVError` with the line at fault.
  package static func read(_ reader: CSVReader) throws -> [ScoredWindow] {
    var reader = reader
    let positions = try columns.map(reader.column)
    let revision = reader.header.firstIndex(of: "revision")
    var windows: [ScoredWindow] = []
    while let row = try reader.nextRow() {
      var window = try window(positions.map { row.fields[$0] }, path: reader.path, line: row.line)
      if let revision {
        guard let number = Int(row.fields[revision]) else {
          throw CSVError(
            path: reader.path, line: row.line,
            reason: "revision \(row.fields[revision].quoted) is not a whole number")
        }
        window.revision = number
      }
      windows.append(window)
    }
    return windows
  }

  /// How long a window of one instant lasts, as a snapshot does.
  static let instant = Duration.milliseconds(1)

  private static func window(_ fields: [String], path: String, line: Int) throws -> ScoredWindow {
    func broken(_ reason: String) -> CSVError { CSVError(path: path, line: line, reason: reason) }
    guard let device = DeviceID(fields[0]) else { throw broken("\(fields[0].quoted) is not a device id") }
    let sensor = SensorID(fields[1])
    guard sensor != nil || fields[1] == "*" else {
      throw broken("\(fields[1].quoted) is neither a sensor id nor *")
    }
    guard let start = Timestamp(iso8601: fields[2]), let written = Timestamp(iso8601: fields[3]),
      start <= written
    else {
      throw broken("\(fields[2].quoted) to \(fields[3].quoted) is not a window in ISO 8601")
    }
    let end = max(written, start + instant)
    guard !fields[4].utf8.contains(0), let score = Double(fields[4]), !score.isNaN else {
      throw broken("score \(fields[4].quoted) is not a number")
    }
    guard fields[5] == "0" || fields[5] == "1" else {
      throw broken("prediction \(fields[5].quoted) is neither 0 nor 1")
    }
    return ScoredWindow(
      device: device, sensor: sensor, start: start, end: end, score: score, isFlagged: fields[5] == "1")
  }
}
