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

  /// What a client id is, or was, subscribed to.
  package struct Subscription: Hashable, Sendable {
    package var filter: String
    /// How many deliveries had come before it was made; see ``IngestionProgress/deliveries``.
    package var after: Int

    package init(filter: String, after: Int) {
      self.filter = filter
      self.after = after
    }
  }

  /// What `client` was subscribed to at `broker`, oldest first. Throws ``StoreError``.
  package func subscriptions(of client: String, at broker: String) throws -> [Subscription] {
    try StoreError.wrapping(path) {
      try database.read { db in
        try Row.fetchAll(
          db, sql: "SELECT filter, after FROM subscriptions WHERE broker = ? AND client = ? ORDER BY id",
          arguments: [broker, client]
        ).map { Subscription(filter: $0[0], after: $0[1]) }
      }
    }
  }

  /// Takes down, durably, that `client` is subscribed at `broker`. To be called before it is, so that no subscription is unknown.
  /// Throws ``StoreError``.
  ///
  /// - Parameter isOnly: Whether the broker knows of no other, because the session is new.
  package func remember(_ subscription: Subscription, of client: String, at broker: String, isOnly: Bool)
    throws
  {
    try StoreError.wrapping(path) {
      try database.write { db in
        try db.execute(
          sql: "DELETE FROM subscriptions WHERE broker = ? AND client = ? AND (? OR filter = ?)",
          arguments: [broker, client, isOnly, subscription.filter])
        try db.execute(
          sql: "INSERT INTO subscriptions (broker, client, filter, after) VALUES (?, ?, ?, ?)",
          arguments: [broker, client, subscription.filter, subscription.after])
        try db.execute(
          sql: """
            DELETE FROM subscriptions WHERE broker = ?1 AND client = ?2 AND id NOT IN
              (SELECT id FROM subscriptions WHERE broker = ?1 AND client = ?2 ORDER BY id DESC LIMIT ?3)
            """, arguments: [broker, client, StoreDefaults.rememberedSubscriptions])
      }
    }
  }
}
