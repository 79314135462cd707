import Files
import LoadCharts
import Verdict

extension RunCourse {
  /// The columns of a part end so.
  private static let memoryEnd = "_memory_bytes"
  private static let cpuEnd = "_cpu_seconds"

  /// Reads `timeline.csv`; nil where the run has none. Throws `FileError`, and `CSVError` with the line that is not what it should be.
  init?(timeline path: String) throws {
    guard FileStamp(path) != nil else { return nil }
    var reader = try CSVReader(path: path)
    let seconds = try reader.column("seconds")
    let phase = try reader.column("phase")
    let counts = try ["published", "stored", "late", "rejected", "windows", "predictions", "backlog"].map {
      try reader.column($0)
    }
    let parts = reader.header.compactMap { name in
      name.hasSuffix(Self.memoryEnd) ? String(name.dropLast(Self.memoryEnd.count)) : nil
    }
    let usage = try parts.map {
      (memory: try reader.column($0 + Self.memoryEnd), cpu: try reader.column($0 + Self.cpuEnd))
    }
    var moments: [Moment] = []
    while let row = try reader.nextRow() {
      func number(_ column: Int) throws -> Double {
        guard let value = Double(row.fields[column]), value.isFinite, value >= 0 else {
          throw CSVError(
            path: path, line: row.line,
            reason: "\(reader.header[column]) is “\(row.fields[column])”, which is no number from 0 on")
        }
        return value
      }
      var moment = Moment(seconds: try number(seconds), phase: row.fields[phase])
      if let last = moments.last, moment.seconds < last.seconds {
        throw CSVError(path: path, line: row.line, reason: "seconds is less than in the line before")
      }
      let values = try counts.map(number)
      (moment.published, moment.stored, moment.late, moment.rejected) = (
        values[0], values[1], values[2], values[3]
      )
      (moment.windows, moment.predictions, moment.backlog) = (values[4], values[5], values[6])
      moment.usage = try usage.map { columns in
        // Of parts that were not there both are empty.
        guard !row.fields[columns.memory].isEmpty || !row.fields[columns.cpu].isEmpty else { return nil }
        return Usage(memoryBytes: try number(columns.memory), cpuSeconds: try number(columns.cpu))
      }
      moments.append(moment)
    }
    self.init(parts: parts, moments: moments)
  }
}
