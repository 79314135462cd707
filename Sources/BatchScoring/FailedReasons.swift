import Files

/// Why rows of a job could not be scored, and how many for each reason.
package struct FailedReasons: Hashable, Sendable, Codable {
  package struct Reason: Hashable, Sendable, Codable {
    package var reason: String
    package var rows: Int
  }

  /// Those of the most rows first.
  package private(set) var most: [Reason] = []
  /// The rows of reasons beyond those.
  package private(set) var otherRows = 0

  /// Counts the rows of a job's `failed.csv`; none where there is no such file. Throws `CSVError` and `FileError`.
  ///
  /// - Parameter limit: How many reasons are kept: each model may have one of its own.
  package init(of files: JobFolder, limit: Int = ScoringDefaults.shownReasons) throws {
    guard FileStamp(files.failed) != nil else { return }
    var reader = try CSVReader(path: files.failed)
    let column = try reader.column("reason")
    var rows: [String: Int] = [:]
    while let row = try reader.nextRow() { rows[row.fields[column], default: 0] += 1 }
    let sorted = rows.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    most = sorted.prefix(limit).map { Reason(reason: $0.key, rows: $0.value) }
    otherRows = sorted.dropFirst(limit).reduce(0) { $0 + $1.value }
  }
}
