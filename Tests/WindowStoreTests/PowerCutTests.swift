import CFaultVFS
import Foundation
import GRDBSQLite
import TestSupport
import Testing

/// What a database holds after a power cut, by the pragma that decides it. That `FULL`, which ingestion uses, keeps every
/// commit means something because `NORMAL` and `OFF`, on the same disk, do not.
@Suite(.serialized) struct PowerCutTests {
  private static let isRegistered = sonde_fault_vfs_register(0, nil, 1, 20_260_101) == SQLITE_OK

  private func execute(_ database: OpaquePointer?, _ sql: String) throws {
    var message: UnsafeMutablePointer<CChar>?
    defer { sqlite3_free(message) }
    let result = sqlite3_exec(database, sql, nil, nil, &message)
    try #require(result == SQLITE_OK, "\(sql): \(message.map { String(cString: $0) } ?? "")")
  }

  /// Nil where the database is too broken to answer.
  private func integer(_ database: OpaquePointer?, _ sql: String) -> Int? {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK,
      sqlite3_step(statement) == SQLITE_ROW
    else { return nil }
    return Int(sqlite3_column_int64(statement, 0))
  }

  /// Commits rows 1, 2, … `commits`, begins one more, and cuts the power. Returns how many rows are there afterwards; they must
  /// be the first ones.
  private func rowsAfterPowerCut(synchronous: String, commits: Int, in folder: String) throws -> Int {
    try #require(Self.isRegistered)
    let path = "\(folder)/\(UUID().uuidString).sqlite"
    var database: OpaquePointer?
    try #require(
      sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SONDE_FAULT_VFS_NAME)
        == SQLITE_OK)
    defer { sqlite3_close(database) }
    try execute(
      database,
      """
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 20;
      CREATE TABLE t (id INTEGER PRIMARY KEY, filler BLOB); PRAGMA synchronous = \(synchronous);
      """)
    for _ in 0..<commits { try execute(database, "INSERT INTO t (filler) VALUES (randomblob(3000))") }
    try execute(database, "BEGIN; INSERT INTO t (filler) VALUES (randomblob(9000))")
    sonde_fault_vfs_cut_power()
    // As found when the machine comes up again: without the index in shared memory.
    let found = "\(path)-found"
    try FileManager.default.copyItem(atPath: path, toPath: found)
    try FileManager.default.copyItem(atPath: "\(path)-wal", toPath: "\(found)-wal")
    var recovered: OpaquePointer?
    try #require(sqlite3_open_v2(found, &recovered, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    defer { sqlite3_close(recovered) }
    let check = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"
    let isSound = integer(recovered, check) == 1
    if synchronous != "OFF" { #expect(isSound, "\(synchronous) after \(commits) commits") }
    guard isSound else { return 0 }
    let rows = integer(recovered, "SELECT count(*) FROM t")
    #expect(integer(recovered, "SELECT coalesce(max(id), 0) FROM t") == rows)
    return rows ?? 0
  }

  @Test func fullKeepsEveryCommitAndNoOther() async throws {
    try await withTemporaryFolder { folder in
      for commits in stride(from: 1, through: 120, by: 7) {
        let rows = try rowsAfterPowerCut(synchronous: "FULL", commits: commits, in: folder)
        #expect(rows == commits)
      }
    }
  }

  @Test(arguments: ["NORMAL", "OFF"]) func lessThanFullLosesCommits(synchronous: String) async throws {
    try await withTemporaryFolder { folder in
      let commits = Array(stride(from: 1, through: 120, by: 7))
      let kept = try commits.map { try rowsAfterPowerCut(synchronous: synchronous, commits: $0, in: folder) }
      #expect(zip(kept, commits).allSatisfy { $0 <= $1 })
      #expect(zip(kept, commits).contains { $0 < $1 }, "the disk forgot nothing")
    }
  }
}
