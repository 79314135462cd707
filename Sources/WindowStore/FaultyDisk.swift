import CFaultVFS
import GRDBSQLite
import Supervision

/// The disk under the store where a scenario breaks it; see `CFaultVFS` for what that can be.
enum FaultyDisk {
  /// Puts the faulty disk under every connection that this process opens from now on, where ``FaultControl`` asks for
  /// it. Throws ``StoreError``.
  static func installIfAsked(path: String) throws {
    guard let marker = FaultControl.diskFullMarker else { return }
    let seed = FaultControl.powerCutSeed
    let result = sonde_fault_vfs_register(1, marker, seed == nil ? 0 : 1, seed ?? 0)
    guard result == SQLITE_OK else {
      throw StoreError(path: path, reason: "the faulty disk cannot be installed (SQLite error \(result))")
    }
  }
}
