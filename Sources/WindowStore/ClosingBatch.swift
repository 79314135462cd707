import Foundation
import GRDB
import GRDBSQLite

/// The window revisions of one device that one commit has made visible at one event time, as numbers: how many, of all its
/// sensors, and the first of their starts.
struct Closing {
  /// The store's number of the device.
  var device: Int64
  var windows: Int
  /// In milliseconds since 1970.
  var firstStart: Int64
}

/// The closings of one commit at one event time: a row of the table `closing_batches`. A job is planned from them, and what is old
/// is found by them, without a look at the windows.
///
/// Together in one value, because the windows of a fleet mostly end together: a row for each device would take a job of ten
/// thousand devices longer to count than all the rest of its plan.
struct ClosingBatch {
  /// In milliseconds since 1970.
  let visibleFrom: Int64
  private(set) var closings: [Closing] = []

  init(visibleFrom: Int64) { self.visibleFrom = visibleFrom }

  /// Adds `closing`, to the last one where that is of the same device. The windows of one device mostly follow each other; where
  /// they do not, it has several closings.
  mutating func add(_ closing: Closing) {
    if let last = closings.indices.last, closings[last].device == closing.device {
      closings[last].windows += closing.windows
      closings[last].firstStart = min(closings[last].firstStart, closing.firstStart)
    } else {
      closings.append(closing)
    }
  }

  // MARK: - As a row

  /// Most closings of a row: retention deletes row by row, and a bounded number of windows at a time.
  private static let closingsPerRow = 1000
  /// Device and windows take 32 bits, the start 64, each with its lowest byte first.
  private static let bytesPerClosing = 16

  static let tableName = "closing_batches"

  static let table = """
    CREATE TABLE closing_batches (id INTEGER PRIMARY KEY, visible_from_ms INTEGER NOT NULL, closings BLOB NOT NULL) STRICT;
    CREATE INDEX closing_batches_by_visibility ON closing_batches (visible_from_ms);
    """

  /// Gives each row a number that no row had before it, also where retention has deleted the newest: who reads them by number misses none.
  static let numbersGivenOnce = """
    CREATE TABLE closing_batches_once (
      id INTEGER PRIMARY KEY AUTOINCREMENT, visible_from_ms INTEGER NOT NULL, closings BLOB NOT NULL
    ) STRICT;
    INSERT INTO closing_batches_once SELECT id, visible_from_ms, closings FROM closing_batches ORDER BY id;
    DROP TABLE closing_batches;
    ALTER TABLE closing_batches_once RENAME TO closing_batches;
    CREATE INDEX closing_batches_by_visibility ON closing_batches (visible_from_ms);
    """

  /// Hands over the closings as they follow from the windows of a cut, by time and device.
  static func forEachClosing(
    ofWindowsVisibleAfter after: Int64, through: Int64, _ db: Database,
    _ body: (_ visibleFrom: Int64, Closing) throws -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT visible_from_ms, device, count(*), min(start_ms) FROM windows
        WHERE visible_from_ms > ? AND visible_from_ms <= ? GROUP BY visible_from_ms, device
        """, arguments: [after, through])
    while let row = try rows.next() {
      try body(row[0], Closing(device: row[1], windows: row[2], firstStart: row[3]))
    }
  }

  /// Fills the table from the windows that are there.
  static func insertAll(ofWindowsIn db: Database) throws {
    var batch = ClosingBatch(visibleFrom: .min)
    try forEachClosing(ofWindowsVisibleAfter: .min, through: .max, db) { visibleFrom, closing in
      if visibleFrom != batch.visibleFrom {
        try batch.insert(db)
        batch = ClosingBatch(visibleFrom: visibleFrom)
      }
      batch.add(closing)
    }
    try batch.insert(db)
  }

  /// Inserts the rows that hold it.
  func insert(_ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO closing_batches (visible_from_ms, closings) VALUES (?, ?)")
    let handle = statement.sqliteStatement
    for first in stride(from: 0, to: closings.count, by: Self.closingsPerRow) {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Self.closingsPerRow * Self.bytesPerClosing)
      for closing in closings[first..<min(first + Self.closingsPerRow, closings.count)] {
        bytes.append(littleEndian: UInt32(closing.device))
        bytes.append(littleEndian: UInt32(closing.windows))
        bytes.append(littleEndian: closing.firstStart)
      }
      sqlite3_bind_int64(handle, 1, visibleFrom)
      try bytes.withUnsafeBytes { bytes in
        // It is there until the statement is reset, so SQLite need not copy it.
        sqlite3_bind_blob(handle, 2, bytes.baseAddress, Int32(bytes.count), nil)
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        sqlite3_bind_null(handle, 2)
        guard code == SQLITE_DONE else {
          throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
        }
      }
    }
  }

  /// Hands over the closings in column `index` of `row`. Throws where they cannot be read.
  static func forEachClosing(in row: Row, at index: Int, _ body: (Closing) throws -> Void) throws {
    try row.withUnsafeData(atIndex: index) { data in
      guard let data, data.count % bytesPerClosing == 0 else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a batch of closings is damaged")
      }
      try data.withUnsafeBytes { bytes in
        for first in stride(from: 0, to: bytes.count, by: bytesPerClosing) {
          try body(
            Closing(
              device: Int64(bytes.littleEndian(UInt32.self, at: first)),
              windows: Int(bytes.littleEndian(UInt32.self, at: first + 4)),
              firstStart: bytes.littleEndian(Int64.self, at: first + 8)))
        }
      }
    }
  }
}

/// The closings of one commit, by the time from which their windows can be seen.
struct ClosingBatches {
  private(set) var batches: [ClosingBatch] = []
  private var places: [Int64: Int] = [:]
  private var last = 0

  /// Counts a window of `device`.
  mutating func add(windowOf device: Int64, visibleFrom: Int64, start: Int64) {
    if !batches.indices.contains(last) || batches[last].visibleFrom != visibleFrom {
      last = places[visibleFrom] ?? batches.count
      if last == batches.count {
        batches.append(ClosingBatch(visibleFrom: visibleFrom))
        places[visibleFrom] = last
      }
    }
    batches[last].add(Closing(device: device, windows: 1, firstStart: start))
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at offset: Int
  ) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}
