import Files
import Foundation
import Telemetry
import Wording

/// A line of `replicas.csv`: a replica has changed its state.
package struct ReplicaRecord: Hashable, Sendable {
  /// Wall-clock time.
  package var at: Timestamp
  /// From 1.
  package var replica: Int
  /// The process's number; nil where it never had one.
  package var process: Int32?
  package var state: ReplicaState
  package var reason: String

  package init(at: Timestamp, replica: Int, process: Int32?, state: ReplicaState, reason: String) {
    self.at = at
    self.replica = replica
    self.process = process
    self.state = state
    self.reason = reason
  }

  /// The first line of the file.
  package static let header = CSVWriter.line(["time", "replica", "process", "state", "reason"])

  /// As a line of the file.
  package var line: String {
    CSVWriter.line([at.description, "\(replica)", process.map { "\($0)" } ?? "", state.rawValue, reason])
  }

  /// Reads the file at `path`. Throws ``FileError`` and ``CSVError``.
  package static func read(_ path: String) throws -> [ReplicaRecord] {
    var reader = try CSVReader(path: path)
    let (time, replica) = (try reader.column("time"), try reader.column("replica"))
    let (process, state) = (try reader.column("process"), try reader.column("state"))
    let reason = try reader.column("reason")
    var records: [ReplicaRecord] = []
    while let row = try reader.nextRow() {
      func wrong(_ column: Int, _ what: String) -> CSVError {
        CSVError(path: path, line: row.line, reason: "\(row.fields[column].quoted) is no \(what)")
      }
      guard let at = Timestamp(iso8601: row.fields[time]) else { throw wrong(time, "time") }
      guard let number = Int(row.fields[replica]), number >= 1 else {
        throw wrong(replica, "number of a replica")
      }
      guard let named = ReplicaState(rawValue: row.fields[state]) else {
        throw wrong(state, "state of a replica")
      }
      let id = Int32(row.fields[process])
      guard id != nil || row.fields[process].isEmpty else { throw wrong(process, "number of a process") }
      records.append(
        ReplicaRecord(at: at, replica: number, process: id, state: named, reason: row.fields[reason]))
    }
    return records
  }

  /// Opens the file at `path` to go on with it, and what it says so far. Replicas of an earlier service that was killed have ended with it,
  /// which is written down now. Throws ``FileError`` and ``CSVError``.
  static func goOn(in path: String, at now: Timestamp) throws -> (GrowingFile, ReplicaUsage) {
    guard access(path, F_OK) == 0 else {
      let file = try GrowingFile(path: path)
      try file.write(Array(header.utf8))
      return (file, ReplicaUsage())
    }
    let length = try TextFile.bytes(of: path).count
    var usage = ReplicaUsage(try read(path))
    let file = try GrowingFile(path: path, keeping: length)
    for life in usage.openLives {
      let end = ReplicaRecord(
        at: now, replica: life.replica, process: life.process, state: .gone,
        reason: "its service has ended without it")
      usage.add(end)
      try file.write(Array(end.line.utf8))
    }
    return (file, usage)
  }
}
