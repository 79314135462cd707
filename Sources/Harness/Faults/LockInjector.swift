import Scenario

/// Another process holds SQLite's write lock on the store, as a `sqlite3` with an open transaction or a careless backup does.
struct LockInjector: FaultInjector {
  init(_ fault: FaultSpecification) {}

  func begin(_ parts: any BreakableParts) async throws { try parts.lockStore() }

  func happened(_ parts: any BreakableParts) -> String? { "the store is locked by another writer" }

  func end(_ parts: any BreakableParts) async throws { try parts.unlockStore() }
}
