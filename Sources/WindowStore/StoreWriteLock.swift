import GRDB

/// Keeps every other process from writing a store, as a careless `sqlite3` or a backup would: holds a transaction open.
package final class StoreWriteLock {
  private let path: String
  private let database: DatabaseQueue

  /// Takes the lock of the store at `path`, waiting for a commit that is under way. Throws ``StoreError``.
  package init(path: String) throws {
    self.path = path
    database = try StoreError.wrapping(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(StoreDefaults.busyTimeoutSeconds)
      configuration.allowsUnsafeTransactions = true
      configuration.label = "StoreWriteLock"
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.unsafeReentrantWrite { try $0.execute(sql: "BEGIN IMMEDIATE") }
      return queue
    }
  }

  /// Lets go; nothing was written.
  package func release() throws {
    try StoreError.wrapping(path) {
      try database.unsafeReentrantWrite { try $0.execute(sql: "ROLLBACK") }
      try database.close()
    }
  }
}
