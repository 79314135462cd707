import Foundation
import GRDB

/// The `-wal` and `-shm` files beside a SQLite file.
package enum WriteAheadLog {
  /// Copies what the log holds into the file at `path` and removes the log, so that the file alone is whole. For files that
  /// nobody writes any more. Throws ``StoreError``.
  ///
  /// Where somebody has the file open to read it, as who watches a run does for a moment each second, the log stays, but it is empty.
  package static func fold(intoFileAt path: String) throws {
    try StoreError.wrapping(path) {
      let database = try DatabaseQueue(path: path, configuration: StoreDefaults.writer())
      // SQLite copies by itself when the last connection of all is closed, and a reader's may be open. Whoever reads at this moment is
      // waited for.
      _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
      try database.close()
    }
  }
}
