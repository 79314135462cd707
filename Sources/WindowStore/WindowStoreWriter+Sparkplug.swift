import Foundation
import GRDB
import Telemetry

/// The lives of Sparkplug's nodes and devices.
extension WindowStoreWriter {
  func insert(_ lives: [SparkplugLife], _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO sparkplug_lives VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET
          epoch = excluded.epoch, is_alive = excluded.is_alive, missing = excluded.missing, state = excluded.state
        """)
    for life in lives {
      try statement.execute(arguments: [life.path, life.epoch, life.isAlive, life.missing, Data(life.state)])
      if let times = life.times {
        try db.cachedStatement(
          sql: """
            INSERT INTO sparkplug_times (path, times) VALUES (?, ?)
              ON CONFLICT (path) DO UPDATE SET times = excluded.times
            """
        ).execute(arguments: [life.path, Data(times)])
      }
      guard let birth = life.birth else { continue }
      try db.cachedStatement(
        sql: """
          INSERT INTO sparkplug_births (path, payload) VALUES (?, ?)
            ON CONFLICT (path) DO UPDATE SET payload = excluded.payload
          """
      ).execute(arguments: [life.path, Data(birth)])
    }
  }

  /// What is known of nodes and devices, a node before its devices. Throws ``StoreError``.
  package func sparkplugLives() throws -> [SparkplugLife] {
    try StoreError.wrapping(path) {
      try database.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT l.path, l.epoch, l.is_alive, l.missing, l.state, b.payload, t.times
            FROM sparkplug_lives l LEFT JOIN sparkplug_births b ON b.path = l.path
              LEFT JOIN sparkplug_times t ON t.path = l.path
            ORDER BY l.path
            """
        ).map { row in
          SparkplugLife(
            path: row[0], epoch: row[1], isAlive: row[2], missing: row[3], state: Array(row[4] as Data),
            birth: (row[5] as Data?).map { Array($0) }, times: (row[6] as Data?).map { Array($0) })
        }
      }
    }
  }
}
