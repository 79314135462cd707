import GRDB
import Telemetry
import Wording

/// The store's settings, each with its reason.
package enum StoreDefaults {
  /// Pages of WAL before SQLite copies them into the file: 16 MB, so that commits seldom wait for a copy.
  static let walAutocheckpointPages = 4000
  /// Page cache in KiB: the tables' right edges and the window indices of tens of thousands of devices fit.
  static let cacheKiB = 64 * 1024
  /// How long a connection waits for another one's lock before it fails.
  static let busyTimeoutSeconds = 10.0

  /// Deliveries by which a redelivery is told: MQTT has no more packet ids, so no more can be under way.
  static let rememberedDeliveries = 65_535
  /// Topics of which the last retained message is known: a broker retains one a topic, and a fleet has one topic a device.
  package static let rememberedRetainedMessages = 65_536
  /// Subscriptions of one client id that are known; each was given up when the next was made, so the last would do.
  static let rememberedSubscriptions = 16
  /// Rows that a retention deletes from one table in one transaction, beside twice those that came since the last one: a
  /// commit must not take long, and yet keep up.
  static let deletedRowsPerTable = 200_000
  /// Where the size of the file is bounded: the share of the bound at which rows are deleted, and the share that is left.
  /// Between two checkpoints the file may grow by the rest.
  static let retentionStartsAt = 0.9
  static let retentionLeaves = 0.8
  /// How often one retention looks for room; the next checkpoint goes on where that was not enough.
  static let retentionRounds = 8

  /// A connection that writes. `synchronous = FULL`: a commit that gates an acknowledgement must survive a power cut.
  static func writer() -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeoutSeconds)
    configuration.label = "WindowStore.writer"
    configuration.prepareDatabase { db in
      try db.execute(
        sql: """
          PRAGMA journal_mode = WAL;
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = \(walAutocheckpointPages);
          PRAGMA cache_size = -\(cacheKiB);
          """)
    }
    return configuration
  }

  /// The connection of scoring inside the stream. Its rows can be made again, so it waits for no disk (`synchronous = NORMAL`), and leaves
  /// the copying of the log to ingestion.
  static func streamScorer() -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeoutSeconds)
    configuration.label = "StreamScoreStore"
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")
      try RowVisit.register(in: db)
    }
    return configuration
  }

  /// A connection that only reads, beside the writer.
  static func reader() -> Configuration {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busyTimeoutSeconds)
    configuration.label = "WindowStore.reader"
    // The file is read and not mapped: page faults and giving the map back took a large job 3 to 4% more processor time than
    // copying pages.
    configuration.prepareDatabase { db in try RowVisit.register(in: db) }
    return configuration
  }
}

/// A store that cannot be opened, read or written.
package struct StoreError: ExitingError {
  package let path: String
  package let reason: String
  /// Whether the mistake is the caller's: another name or other settings than those of a store that is there, or one that
  /// somebody else writes.
  package let isMistake: Bool

  package init(path: String, reason: String, isMistake: Bool = false) {
    self.path = path
    self.reason = reason
    self.isMistake = isMistake
  }

  package var exitStatus: ExitStatus { isMistake ? .usage : .internalFault }

  package var description: String { "store \(path): \(reason)" }

  /// Runs `body` and gives SQLite's errors the path and a sentence.
  static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      let hint =
        switch error.resultCode {
        case .SQLITE_FULL: "; the disk is full: free some space and start again, nothing acknowledged is lost"
        case .SQLITE_NOTADB: "; the file is not a SQLite database"
        case .SQLITE_CANTOPEN: "; does its folder exist?"
        case .SQLITE_BUSY: "; another process holds it"
        default: ""
        }
      throw StoreError(
        path: path, reason: (error.message ?? "SQLite error \(error.resultCode.rawValue)") + hint,
        isMistake: error.resultCode == .SQLITE_NOTADB)
    }
  }
}
