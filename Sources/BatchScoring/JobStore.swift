import Files
import Foundation
import GRDB
import Modelling
import Supervision

/// `jobs.sqlite`: every job and task of a run. Written by batch scoring alone; anybody may read it meanwhile.
package final class JobStore: Sendable {
  package let path: String
  // Declared before the lock, and so closed before it.
  private let database: DatabaseQueue
  private let lock: DatabaseLock?
  /// Of those who do not hold the lock.
  private let probe: DatabaseLockProbe?

  /// Opens the file at `path` as the one coordinator of its folder, or makes it. Throws ``ScoringError``, also where
  /// there is another coordinator.
  package convenience init(path: String) throws {
    guard let lock = try Self.coordinatorLock(path) else {
      throw ScoringError(
        "\(path): a scheduler or a job is running in this folder already; wait for its end, or stop it")
    }
    try self.init(path: path, lock: lock)
  }

  /// As ``init(path:)``; nil where there is another coordinator.
  package static func ifFree(path: String) throws -> JobStore? {
    try coordinatorLock(path).map { try JobStore(path: path, lock: $0) }
  }

  /// Opens the file at `path` to ask its coordinator for something, whether or not there is one. Throws
  /// ``ScoringError`` where there is no file. It must be gone before this process opens the file as its coordinator: a lock that
  /// is refused closes a descriptor of the file, and that drops what SQLite has locked.
  package convenience init(asking path: String) throws {
    try Self.requireFile(path)
    try self.init(path: path, lock: nil)
  }

  /// Whether somebody runs the jobs that are not final: a killed coordinator leaves them as they were.
  package var hasCoordinator: Bool { lock != nil || probe?.isHeld ?? true }

  /// Holds a run's folder for one coordinator (a scheduler, or a job by hand): two would score the same cut. Nil where another has it.
  private static func coordinatorLock(_ path: String) throws(ScoringError) -> DatabaseLock? {
    do throws(DatabaseLock.Failure) {
      return try DatabaseLock(path: path)
    } catch {
      switch error {
      case .heldByAnother: return nil
      case .cannotOpen(let reason):
        throw ScoringError("the job database \(path) cannot be opened: \(reason)")
      }
    }
  }

  private init(path: String, lock: DatabaseLock?) throws {
    self.path = path
    self.lock = lock
    probe = lock == nil ? DatabaseLockProbe(path: path) : nil
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      configuration.label = "BatchScoring.jobs"
      configuration.prepareDatabase { db in
        // Migrations that a power cut takes back are done again.
        try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try JobStoreSchema.migrator.migrate(queue)
      // The last cut decides what the next job scores, and must not be lost in a power cut.
      try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      if lock != nil {
        try queue.write { db in
          try Self.endLostNodes(db)
          // Of a coordinator that was killed.
          try db.execute(sql: "UPDATE coordinator SET takes_reruns = 0")
        }
      }
      return queue
    }
  }

  /// Opens the file at `path` for reading only. Throws ``ScoringError`` where there is none.
  package init(reading path: String) throws {
    try Self.requireFile(path)
    self.path = path
    lock = nil
    probe = DatabaseLockProbe(path: path)
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
      return try DatabaseQueue(path: path, configuration: configuration)
    }
  }

  private static func requireFile(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw ScoringError("\(path): there is no such file; no job has been run in this folder")
    }
  }

  /// How long a connection waits for another one's lock.
  private static let busyTimeoutSeconds = 10.0

  private static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw FileError(
        path: path, action: .useJobDatabase,
        reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
    }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.wrapping(path) { try database.write(body) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.wrapping(path) { try database.read(body) }
  }
}
