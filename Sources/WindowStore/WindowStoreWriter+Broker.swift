import Foundation
import GRDB

/// What is known of the broker's side: the messages that it retains, and what it was asked for.
extension WindowStoreWriter {
  func insert(_ marks: [RetainedMark], _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "INSERT OR REPLACE INTO retained VALUES (?, ?, ?)")
    for mark in marks { try statement.execute(arguments: [mark.topic, Data(mark.digest), mark.number]) }
    try db.cachedStatement(
      sql: """
        DELETE FROM retained WHERE number <=
          (SELECT number FROM retained ORDER BY number DESC LIMIT 1 OFFSET ?)
        """
    ).execute(arguments: [StoreDefaults.rememberedRetainedMessages])
  }

  static func retained(in db: Database) throws -> [RetainedMark] {
    try Row.fetchAll(db, sql: "SELECT topic, digest, number FROM retained ORDER BY number").map { row in
      RetainedMark(topic: row[0], digest: Array(row[1] as Data), number: row[2])
    }
  }

  /// What `client` was subscribed to at `broker`, oldest first. Throws ``StoreError``.
  public func subscriptions(of client: String, at broker: String) throws -> [String] {
    try StoreError.wrapping(path) {
      try database.read { db in
        try String.fetchAll(
          db, sql: "SELECT filter FROM subscriptions WHERE broker = ? AND client = ? ORDER BY id",
          arguments: [broker, client])
      }
    }
  }

  /// Takes down, durably, that `client` is subscribed to `filter` at `broker`. To be called before it is, so that no subscription
  /// is unknown. Throws ``StoreError``.
  ///
  /// - Parameter isOnly: Whether the broker knows of no other, because the session is new.
  public func remember(subscription filter: String, of client: String, at broker: String, isOnly: Bool) throws
  {
    try StoreError.wrapping(path) {
      try database.write { db in
        try db.execute(
          sql: "DELETE FROM subscriptions WHERE broker = ? AND client = ? AND (? OR filter = ?)",
          arguments: [broker, client, isOnly, filter])
        try db.execute(
          sql: "INSERT INTO subscriptions (broker, client, filter) VALUES (?, ?, ?)",
          arguments: [broker, client, filter])
        try db.execute(
          sql: """
            DELETE FROM subscriptions WHERE broker = ?1 AND client = ?2 AND id NOT IN
              (SELECT id FROM subscriptions WHERE broker = ?1 AND client = ?2 ORDER BY id DESC LIMIT ?3)
            """, arguments: [broker, client, StoreDefaults.rememberedSubscriptions])
      }
    }
  }
}
