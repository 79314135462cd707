import Files
import Foundation
import GRDB
import GRDBSQLite
import OneClassSVM
import Telemetry

/// The models of a folder once more, as they lie in memory: `models.sqlite` beside `models/`. Where a job has to read their text,
/// it takes twice as long.
///
/// It is a cache. The text files are the models; each row of the pack says of which state of them it was made, and counts
/// only as long as they are in that state. The file is never changed in place, but replaced as a whole. Used from one
/// thread.
package final class ModelPack {
  private let path: String
  private let stamp: FileStamp
  private let database: DatabaseQueue
  /// The names of the features of a model, by their number in the file: those of a fleet mostly have the same.
  private var featureNames: [Int64: [String]] = [:]

  /// Where the pack of the models in `folder` is.
  package static func path(ofModels folder: String) -> String {
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    return "\(folder).sqlite"
  }

  /// Changes with the tables and with what is in them. 2: versions of models begin with a letter.
  fileprivate static let version = 2

  /// Opens the pack of the models in `folder`; nil where there is none that can be read.
  package init?(models folder: String) {
    path = Self.path(ofModels: folder)
    guard let stamp = FileStamp(path) else { return nil }
    self.stamp = stamp
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "Modelling.models"
    configuration.allowsUnsafeTransactions = true
    guard let database = try? DatabaseQueue(path: path, configuration: configuration),
      let version = try? database.unsafeRead({ db in
        // For good: nobody changes this file, and a lock for each model would take longer than the model.
        try db.beginTransaction(.deferred)
        return try Int.fetchOne(db, sql: "PRAGMA user_version")
      }), version == Self.version
    else { return nil }
    self.database = database
  }

  /// Whether it is still the file of that name.
  package var isCurrent: Bool { FileStamp(path) == stamp }

  /// The decision function of the model of `stem`, whose files are in the state `stamp`; nil where the pack has it in no such
  /// state.
  package func decisionFunction(stem: String, stamp: ModelFile.Stamp) -> DecisionFunction? {
    try? database.unsafeRead { db in
      let statement = try db.cachedStatement(
        sql: "SELECT stamp, features, version, function FROM models WHERE stem = ?1")
      let handle = statement.sqliteStatement
      defer { sqlite3_reset(handle) }
      // Values are taken straight from SQLite's memory, until the statement is reset.
      return try stem.withCString { text in
        sqlite3_bind_text(handle, 1, text, -1, nil)
        guard sqlite3_step(handle) == SQLITE_ROW,
          stamp.withBytes({ $0.elementsEqual(Self.blob(handle, 0)) }),
          let version = sqlite3_column_text(handle, 2),
          let names = try names(sqlite3_column_int64(handle, 1), db)
        else { return nil }
        return DecisionFunction(
          bytes: Self.blob(handle, 3), featureNames: names, version: String(cString: version))
      }
    }
  }

  /// Support vectors of all models of each device, in whatever state their files are; nil where the pack cannot be read.
  package func supportVectors() -> [DeviceID: Int]? {
    try? database.unsafeRead { db in
      var vectors: [DeviceID: Int] = [:]
      let rows = try Row.fetchCursor(
        db,
        sql: "SELECT device, sum(support_vectors) FROM models WHERE device IS NOT NULL GROUP BY device")
      while let row = try rows.next() {
        if let device = DeviceID(row[0] as String) { vectors[device] = row[1] }
      }
      return vectors
    }
  }

  private static func blob(_ handle: OpaquePointer?, _ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  private func names(_ number: Int64, _ db: Database) throws -> [String]? {
    if let names = featureNames[number] { return names }
    let text = try Data.fetchOne(
      db, sql: "SELECT CAST(names AS BLOB) FROM features WHERE id = ?", arguments: [number])
    let names = try text.map { try JSONDecoder().decode([String].self, from: $0) }
    featureNames[number] = names
    return names
  }
}

/// Makes the ``ModelPack`` of a folder: takes models one by one, from any thread, and gives the file its name at the end.
/// Where it is let go before that, nothing is left.
package final class ModelPackWriter: Sendable {
  private let folder: String
  private let path: String
  private let database: DatabaseQueue

  /// Begins the pack of the models in `folder`. Throws `FileError`.
  ///
  /// - Parameter keepsOthers: Whether it begins with what the pack that is there has.
  package init(models folder: String, keepsOthers: Bool = false) throws {
    self.folder = folder
    path = ModelPack.path(ofModels: folder)
    let temporary = AtomicFile.temporaryPath(for: path)
    // What a process that was killed has left.
    AtomicFile.removeTemporaryFiles(of: path)
    let kept = keepsOthers && ModelPack(models: folder) != nil ? path : nil
    database = try Self.wrapping(path) {
      var configuration = Configuration()
      configuration.label = "Modelling.models"
      configuration.allowsUnsafeTransactions = true
      let database = try DatabaseQueue(path: temporary, configuration: configuration)
      try database.writeWithoutTransaction { db in
        // Before the transaction, in which SQLite attaches nothing.
        if let kept { try db.execute(sql: "ATTACH ? AS kept", arguments: [kept]) }
        // Nothing is there to be kept where this is cut short. Some models fit into a page of this size, and need no others.
        try db.execute(
          sql: """
            PRAGMA page_size = 65536;
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA user_version = \(ModelPack.version);
            BEGIN;
            -- The names of the features of a model, as a JSON array.
            CREATE TABLE features (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT;
            CREATE TABLE models (
              id INTEGER PRIMARY KEY, stem TEXT NOT NULL UNIQUE, device TEXT, support_vectors INTEGER NOT NULL,
              stamp BLOB NOT NULL, features INTEGER NOT NULL, version TEXT NOT NULL, function BLOB NOT NULL
            ) STRICT;
            CREATE INDEX models_by_device ON models (device, support_vectors);
            """)
        guard kept != nil else { return }
        try db.execute(
          sql: """
            INSERT INTO features (id, names) SELECT id, names FROM kept.features;
            INSERT INTO models SELECT * FROM kept.models;
            """)
      }
      return database
    }
  }

  deinit {
    try? database.close()
    unlink(AtomicFile.temporaryPath(for: path))
  }

  /// Adds the model of `stem` that has just been written into its files. Throws `FileError`.
  package func add(_ model: OneClassModel, stem: String) throws {
    // Where the files are gone again, there is nothing to pack.
    guard let stamp = ModelFile.Stamp(folder: folder, stem: stem) else { return }
    try add(model, stem: stem, stamp: stamp)
  }

  /// Reads the model of `stem` from its files and adds it. Throws `FileError`, and as `ModelFile.read` does.
  package func add(stem: String) throws {
    // Taken before the files are read: what changes meanwhile then counts as changed.
    let stamp = ModelFile.Stamp(folder: folder, stem: stem)
    let model = try ModelFile.read(folder: folder, stem: stem)
    if let stamp { try add(model, stem: stem, stamp: stamp) }
  }

  private func add(_ model: OneClassModel, stem: String, stamp: ModelFile.Stamp) throws {
    let names = String(decoding: try JSONEncoder().encode(model.featureNames), as: UTF8.self)
    try Self.wrapping(path) {
      try database.writeWithoutTransaction { db in
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO features (names) VALUES (?)")
          .execute(arguments: [names])
        try db.cachedStatement(
          sql: """
            INSERT OR REPLACE INTO models (stem, device, support_vectors, stamp, features, version, function)
            VALUES (?, ?, ?, ?, (SELECT id FROM features WHERE names = ?), ?, ?)
            """
        ).execute(arguments: [
          stem, model.metadata.device, model.coefficients.count, stamp.withBytes { Data($0) }, names,
          model.version, Data(model.decisionFunction.bytes),
        ])
      }
    }
  }

  /// Puts the file in place of an older one and returns its path. Throws `FileError`.
  @discardableResult
  package func finish() throws -> String {
    try Self.wrapping(path) {
      try database.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
      try database.close()
    }
    try AtomicFile.finish(path)
    return path
  }

  private static func wrapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw FileError(
        path: path, action: .packModels,
        reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
    }
  }
}
