import Foundation
import GRDB
import GRDBSQLite
import Telemetry

/// What ingestion reads back when it starts again.
extension WindowStoreWriter {
  /// What the file holds of ingestion's past.
  package struct Recovered {
    package var progress: IngestionProgress
    /// The fold's state at the checkpoint; nil where none was written yet.
    package var checkpoint: [UInt8]?
    /// The newest deliveries that a redelivery is told by, oldest first.
    package var marks: [DeliveryMark]
    /// The last retained messages, oldest first.
    package var retained: [RetainedMark]
    var journalID: Int64
    var lateID: Int64
    var lateOutcomeID: Int64
  }

  /// The checkpoint and the counters.
  package func recover() throws -> Recovered {
    let progress = try WindowStoreReader(path: path).progress()
    return try StoreError.wrapping(path) {
      try database.read { db in
        let marks = try Row.fetchAll(
          db, sql: "SELECT number, packet_id, digest FROM deliveries ORDER BY number"
        ).map { row in
          DeliveryMark(
            number: row["number"], packetID: UInt16(truncatingIfNeeded: row["packet_id"] as Int64),
            digest: Array(row["digest"] as Data))
        }
        let retained = try Self.retained(in: db)
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM checkpoint") else {
          return Recovered(
            progress: progress, checkpoint: nil, marks: marks, retained: retained, journalID: 0, lateID: 0,
            lateOutcomeID: 0)
        }
        return Recovered(
          progress: progress, checkpoint: Array(row["state"] as Data), marks: marks,
          retained: retained, journalID: row["journal_id"], lateID: row["late_id"],
          lateOutcomeID: row["late_outcome_id"])
      }
    }
  }

  /// Hands over every message journaled after the checkpoint, in the order of arrival, and the time that it came with where it
  /// was moved.
  package func replay(after recovered: Recovered, _ body: (Message, _ original: Timestamp?) -> Void) throws {
    try StoreError.wrapping(path) {
      try database.read { db in
        let devices = Dictionary(uniqueKeysWithValues: deviceIDs.map { ($1, $0) })
        let sensors = Dictionary(uniqueKeysWithValues: sensorIDs.map { ($1, $0) })
        var sets: [Int64: (part: Int, sensors: [SensorID])] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT id, part, sensor FROM sensor_sets ORDER BY id, position")
        {
          guard let sensor = sensors[row["sensor"]] else { continue }
          sets[row["id"], default: (row["part"], [])].sensors.append(sensor)
        }
        var originals: [Int64: Timestamp] = [:]
        let moved = try Row.fetchCursor(
          db, sql: "SELECT journal_id, ts_ms FROM late_outcomes WHERE id > ? AND journal_id IS NOT NULL",
          arguments: [recovered.lateOutcomeID])
        while let row = try moved.next() { originals[row[0]] = Timestamp(milliseconds: row[1]) }
        let statement = try db.makeStatement(sql: "SELECT * FROM journal WHERE id > ? ORDER BY id")
        statement.arguments = [recovered.journalID]
        let handle = statement.sqliteStatement
        defer { sqlite3_reset(handle) }
        var pending: (message: Message, original: Timestamp?)?
        while true {
          let result = sqlite3_step(handle)
          if result == SQLITE_DONE { break }
          guard result == SQLITE_ROW, let device = devices[sqlite3_column_int64(handle, 1)],
            let set = sets[sqlite3_column_int64(handle, 5)]
          else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a journal row cannot be read") }
          let values = set.sensors.enumerated().map { column, sensor in
            Message.Value(sensor: sensor, value: sqlite3_column_double(handle, Int32(6 + column)))
          }
          if set.part > 0 {
            pending?.message.values += values
            continue
          }
          if let pending { body(pending.message, pending.original) }
          let position =
            sqlite3_column_type(handle, 2) == SQLITE_NULL
            ? nil
            : Message.Position(
              epoch: sqlite3_column_int64(handle, 2), sequence: sqlite3_column_int64(handle, 3))
          let message = Message(
            device: device, position: position,
            timestamp: Timestamp(milliseconds: sqlite3_column_int64(handle, 4)),
            values: values)
          pending = (message, originals[sqlite3_column_int64(handle, 0)])
        }
        if let pending { body(pending.message, pending.original) }
      }
    }
  }

  /// Hands over device and position of every message stored as late, or dropped, after the checkpoint.
  package func replayLate(after recovered: Recovered, _ body: (DeviceID, Message.Position) -> Void) throws {
    try StoreError.wrapping(path) {
      try database.read { db in
        let rows = try Row.fetchCursor(
          db,
          sql: """
            SELECT DISTINCT d.name, l.epoch, l.seq FROM late l JOIN devices d ON d.id = l.device
            WHERE l.id > ? AND l.epoch IS NOT NULL
            UNION ALL
            SELECT d.name, l.epoch, l.seq FROM late_outcomes l JOIN devices d ON d.id = l.device
            WHERE l.id > ? AND l.epoch IS NOT NULL AND l.moved_to_ms IS NULL
            """, arguments: [recovered.lateID, recovered.lateOutcomeID])
        while let row = try rows.next() {
          guard let device = DeviceID(row[0] as String) else { continue }
          body(device, Message.Position(epoch: row[1], sequence: row[2]))
        }
      }
    }
  }
}
