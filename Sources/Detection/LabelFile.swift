import Files
import Telemetry
import Wording

/// Reads and writes `labels.csv`: one row a label, with times in ISO 8601 UTC to the millisecond.
package enum LabelFile {
  /// The columns, in the file's order.
  package static let columns = ["device", "sensor", "kind", "start", "end", "severity", "parameters"]

  /// `labels` as the text of a file, in the order of ``Label/inFileOrder(_:_:)``.
  package static func text(of labels: [Label]) -> String {
    labels.sorted(by: Label.inFileOrder).reduce(into: CSVWriter.line(columns)) { text, label in
      text += CSVWriter.line([
        label.device.name, label.sensor?.name ?? "*", label.kind, label.start.description,
        label.end.description, label.severity.map(shortest) ?? "", joined(label.parameters),
      ])
    }
  }

  /// Writes `labels` to `path`, which must not exist. Throws `FileError`.
  package static func write(_ labels: [Label], to path: String) throws {
    try AtomicFile.write(text(of: labels), to: path)
  }

  /// The labels of the file at `path`. Throws `FileError` and `CSVError`, the latter with the line at fault.
  package static func read(_ path: String) throws -> [Label] {
    try read(CSVReader(path: path))
  }

  /// The labels that `reader` gives. Throws `CSVError` with the line at fault.
  package static func read(_ reader: CSVReader) throws -> [Label] {
    var reader = reader
    let positions = try columns.map(reader.column)
    var labels: [Label] = []
    while let row = try reader.nextRow() {
      labels.append(try label(positions.map { row.fields[$0] }, path: reader.path, line: row.line))
    }
    return labels
  }

  private static func label(_ fields: [String], path: String, line: Int) throws -> Label {
    func broken(_ reason: String) -> CSVError { CSVError(path: path, line: line, reason: reason) }
    guard let device = DeviceID(fields[0]) else { throw broken("\(fields[0].quoted) is not a device id") }
    let sensor = SensorID(fields[1])
    guard sensor != nil || fields[1] == "*" else {
      throw broken("\(fields[1].quoted) is neither a sensor id nor *")
    }
    guard let start = Timestamp(iso8601: fields[3]) else {
      throw broken("start \(fields[3].quoted) is not ISO 8601")
    }
    guard let end = Timestamp(iso8601: fields[4]) else {
      throw broken("end \(fields[4].quoted) is not ISO 8601")
    }
    guard start < end else { throw broken("the label ends at \(end), before or as it starts at \(start)") }
    let severity = DecimalText.double(fields[5])
    guard fields[5].isEmpty || severity?.isFinite == true else {
      throw broken("severity \(fields[5].quoted) is not a number")
    }
    var parameters: [String: String] = [:]
    for pair in fields[6].split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw broken("parameter \(pair.quoted) is not of the form name=value") }
      parameters[String(parts[0])] = String(parts[1])
    }
    return Label(
      device: device, sensor: sensor, kind: fields[2], start: start, end: end, severity: severity,
      parameters: parameters)
  }

  private static func joined(_ parameters: [String: String]) -> String {
    parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
  }

  private static func shortest(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
  }
}
