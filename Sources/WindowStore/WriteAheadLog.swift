import Foundation
import GRDB

/// The `-wal` and `-shm` files beside a SQLite file.
package enum WriteAheadLog {
  /// Copies what the log holds into the file at `path` and removes the log, so that the file alone is whole. For files that
  /// nobody has open any more. Throws ``StoreError``.
  package static func fold(intoFileAt path: String) throws {
    try StoreError.wrapping(path) {
      // SQLite does it by itself when the last connection that may write is closed.
      let database = try DatabaseQueue(path: path, configuration: StoreDefaults.writer())
      try database.close()
    }
  }
}
