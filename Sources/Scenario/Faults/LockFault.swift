import WindowStore

/// Another process holds SQLite's write lock on the store, as a `sqlite3` with an open transaction or a careless backup does.
struct LockFault: PipelineFault {
  static let name = "lock"
  static let about = "Another process holds the store's write lock for a time."
  static let targets = [FaultTarget.store]
  static let length = FaultLength.required

  init(_ fault: ScenarioDocument.Fault) {}

  func begin(_ parts: RunningParts) async throws {
    parts.storeLock = try StoreWriteLock(path: parts.layout.store)
  }

  func happened(_ parts: RunningParts) -> String? { "the store is locked by another writer" }

  func end(_ parts: RunningParts) async throws {
    let lock = parts.storeLock
    parts.storeLock = nil
    try lock?.release()
  }
}
