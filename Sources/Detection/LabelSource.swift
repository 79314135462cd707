import Files
import Foundation
import Telemetry
import Wording

/// Labels as people have them: `labels.csv`, another table of windows, or the JSON of the Numenta Anomaly Benchmark.
package struct LabelSource: Sendable {
  /// What the columns of a table of windows are called.
  package struct Columns: Hashable, Sendable {
    package enum Role: String, CaseIterable, Sendable {
      case device, sensor, start, end, kind

      /// The names that a column has where nothing is said; the first that is there is taken.
      fileprivate var names: [String] {
        switch self {
        case .device: ["device"]
        case .sensor: ["sensor"]
        case .start: ["start", "from", "start_time"]
        case .end: ["end", "to", "end_time"]
        case .kind: ["kind"]
        }
      }
    }

    private var named: [Role: String] = [:]

    package init() {}

    /// Reads `device=Pump,start=From,end=To`; what is not named keeps its own name. Throws ``EvaluationError``.
    package init(_ text: String) throws(EvaluationError) {
      let roles = Role.allCases.map(\.rawValue)
      for (name, value) in try NamedColumns.pairs(of: text, option: "--label-columns", names: roles) {
        if let role = Role(rawValue: name) { named[role] = value }
      }
    }

    var isStandard: Bool { named.isEmpty }

    func position(of role: Role, in header: [String]) -> Int? {
      ScoreColumns.position(of: named[role].map { [$0] } ?? role.names, in: header)
    }

    func name(of role: Role) -> String { named[role] ?? role.names[0] }

    func isNamed(_ role: Role) -> Bool { named[role] != nil }
  }

  /// What the labels are held against.
  package struct Windows: Sendable {
    package var windows: [ScoredWindow]
    /// Whether the file says when its windows end. Where it does not, a label of the benchmark concerns the rows whose time lies in it.
    package var haveEnds: Bool

    package init(_ windows: [ScoredWindow], haveEnds: Bool = true) {
      self.windows = windows
      self.haveEnds = haveEnds
    }
  }

  package private(set) var labels: [Label] = []
  /// What the user should know of how they were read.
  package private(set) var notices: [String] = []

  /// What a label is called whose file does not say its kind.
  static let kind = "labelled-window"

  /// Reads the file at `path`. Throws `FileError`, `CSVError` and ``EvaluationError``.
  package init(
    path: String, columns: Columns = Columns(), format: ScoreFormat = ScoreFormat(), for scored: Windows
  ) throws {
    let bytes = try TextFile.bytes(of: path)
    if Self.isJSON(bytes) {
      try readBenchmark(bytes, path, scored)
      return
    }
    let reader = try Self.reader(bytes, path, columns, format)
    if columns.isStandard, LabelFile.columns.allSatisfy(reader.header.contains) {
      labels = try LabelFile.read(reader)
    } else {
      try readWindows(reader, columns, format, scored)
    }
  }

  /// Throws where the file at `path` cannot be one of labels, whatever is scored: before a long file of scores is read.
  package static func check(_ path: String, columns: Columns, format: ScoreFormat) throws {
    let bytes = try TextFile.bytes(of: path)
    guard !isJSON(bytes) else { return }
    try checkColumns(reader(bytes, path, columns, format), columns, needsDevice: false)
  }

  private static func isJSON(_ bytes: [UInt8]) -> Bool {
    bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) } == UInt8(ascii: "{")
  }

  /// A file of ours is separated by commas, whatever the scores are; another one as they are.
  private static func reader(
    _ bytes: [UInt8], _ path: String, _ columns: Columns, _ format: ScoreFormat
  ) throws -> CSVReader {
    let plain = try CSVReader(bytes: bytes, path: path)
    return columns.position(of: .start, in: plain.header) != nil
      ? plain : try CSVReader(bytes: bytes, path: path, delimiter: format.delimiter)
  }

  // MARK: - Tables

  private mutating func readWindows(
    _ reader: CSVReader, _ columns: Columns, _ format: ScoreFormat, _ scored: Windows
  ) throws {
    var reader = reader
    let header = reader.header
    let devices = Set(scored.windows.map(\.device))
    let onlyDevice =
      columns.isNamed(.device) ? nil : format.device ?? (devices.count == 1 ? devices.first : nil)
    try Self.checkColumns(reader, columns, needsDevice: onlyDevice == nil)
    func position(_ role: Columns.Role) throws -> Int? {
      try columns.position(of: role, in: header).map { try reader.column(header[$0]) }
    }
    let device = try position(.device)
    let sensor = try position(.sensor)
    let kind = try position(.kind)
    guard let start = try position(.start), let end = try position(.end) else { return }
    var times = FileTimes(path: reader.path, unit: format.timeUnit)
    while let row = try reader.nextRow() {
      func broken(_ reason: String) -> CSVError {
        CSVError(path: reader.path, line: row.line, reason: reason)
      }
      func instant(_ column: Int, _ name: String) throws -> Timestamp {
        guard let instant = try times.instant(row.fields[column], line: row.line) else {
          throw broken(
            "\(name) \(row.fields[column].quoted) is not ISO 8601\(times.hint(row.fields[column]))")
        }
        return instant
      }
      guard let id = device.map({ DeviceID(row.fields[$0]) }) ?? onlyDevice else {
        throw broken("\(device.map { row.fields[$0].quoted } ?? "nothing") is not a device id")
      }
      var label = Label(
        device: id, sensor: nil, kind: Self.kind, start: try instant(start, "start"),
        end: try instant(end, "end"))
      if let sensor, row.fields[sensor] != "*", !row.fields[sensor].isEmpty {
        guard let id = SensorID(row.fields[sensor]) else {
          throw broken("\(row.fields[sensor].quoted) is neither a sensor id nor *")
        }
        label.sensor = id
      }
      if let kind, !row.fields[kind].isEmpty { label.kind = row.fields[kind] }
      guard label.start < label.end else {
        throw broken("the label ends at \(label.end), before or as it starts at \(label.start)")
      }
      labels.append(label)
    }
    if let notice = times.notice { notices.append(notice) }
  }

  /// Throws where a column is missing that is needed, with all that `labels.csv` has and the file has not.
  private static func checkColumns(_ reader: CSVReader, _ columns: Columns, needsDevice: Bool)
    throws(CSVError)
  {
    let header = reader.header
    let isComplete =
      Columns.Role.allCases.allSatisfy { role in
        let isNeeded =
          columns.isNamed(role) || role == .start || role == .end || (role == .device && needsDevice)
        return !isNeeded || columns.position(of: role, in: header) != nil
      }
    guard !isComplete else { return }
    var missing: [String] = []
    for name in LabelFile.columns {
      let role = Columns.Role(rawValue: name)
      let isThere = role.map { columns.position(of: $0, in: header) != nil } ?? header.contains(name)
      if !isThere { missing.append((role.map(columns.name) ?? name).quoted) }
    }
    let isScores = ScoreFormat().columns.position(of: .score, in: header) != nil
    throw CSVError(
      path: reader.path, line: 1,
      reason: "there is no column \(missing.joined(separator: ", ")), of which start and end are needed"
        + (needsDevice ? ", and device" : "") + "; \(reader.columnNames)"
        + (isScores
          ? "; this is a file of scores, and the file of labels comes last, or --label-column names a column of ones and zeros"
          : "; --label-columns device=NAME,start=NAME,end=NAME says what yours are called"))
  }

  // MARK: - The benchmark

  /// A window of the benchmark, or a moment.
  private struct Span: Decodable {
    let ends: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let moment = try? container.decode(String.self) {
        ends = [moment, moment]
      } else {
        ends = try container.decode([String].self)
      }
    }
  }

  private mutating func readBenchmark(_ bytes: [UInt8], _ path: String, _ scored: Windows) throws {
    func broken(_ reason: String) -> FileError {
      FileError(path: path, action: .readLabelWindows, reason: reason)
    }
    guard let table = try? JSONDecoder().decode([String: [Span]].self, from: Data(bytes)) else {
      throw broken("it is not a JSON object of recordings, each a list of [first, last] times")
    }
    let byDevice = Dictionary(grouping: scored.windows, by: \.device)
    var owners: [String: DeviceID] = [:]
    for key in table.keys {
      if let device = Self.names(of: key).lazy.compactMap(DeviceID.init).first(where: { byDevice[$0] != nil })
      {
        owners[key] = device
      }
    }
    // There is nobody else.
    if owners.isEmpty, table.count == 1, byDevice.count == 1, let key = table.keys.first {
      owners[key] = byDevice.keys.first
    }
    guard !owners.isEmpty || table.isEmpty else {
      throw EvaluationError(
        "\(path): none of its recordings is named as a device of the predictions is (\(byDevice.keys.map(\.name).sorted().listed)); "
          + "it has \(table.keys.sorted().prefix(5).listed); call the device as the file is called, without its ending: "
          + "--device \(Self.names(of: table.keys.sorted().first ?? "").first ?? "NAME")")
    }
    if owners.count < table.count {
      let count = table.count - owners.count
      notices.append(
        count == 1
          ? "\(path): 1 recording has no predictions, and is left out"
          : "\(path): \(count) recordings have no predictions, and are left out")
    }
    for (key, device) in owners.sorted(by: { $0.key < $1.key }) {
      for span in table[key] ?? [] {
        guard span.ends.count == 2, let first = Timestamp(iso8601: span.ends[0]),
          let last = Timestamp(iso8601: span.ends[1]), first <= last
        else {
          throw broken(
            "\(span.ends.joined(separator: ", ").quoted) of \(key) is not [first, last] in ISO 8601")
        }
        labels.append(
          Self.label(of: device, from: first, through: last, scored, byDevice[device] ?? []))
      }
    }
  }

  /// What the recording `key` may be called as a device: `realKnownCause/machine.csv` is `machine`, or `machine.csv`.
  private static func names(of key: String) -> [String] {
    let name = key.split(separator: "/").last.map(String.init) ?? key
    return [(name as NSString).deletingPathExtension, name]
  }

  /// Both ends belong to a window of the benchmark, which speaks of rows and their times: where rows have no ends of their own, the
  /// label goes from the first row in it to the end of the last.
  private static func label(
    of device: DeviceID, from first: Timestamp, through last: Timestamp, _ scored: Windows,
    _ windows: [ScoredWindow]
  ) -> Label {
    var (start, end) = (first, last + ScoredWindow.instant)
    if !scored.haveEnds {
      let inside = windows.filter { $0.start >= first && $0.start <= last }
      start = inside.map(\.start).min() ?? start
      end = inside.map(\.end).max() ?? end
    }
    return Label(device: device, sensor: nil, kind: kind, start: start, end: end)
  }
}
