import Foundation

/// Holds a store for one writer, as long as it lives.
///
/// An flock(2) on the database file itself: it is independent of SQLite's own (POSIX) locks, goes with the process
/// however that dies, and leaves no file behind. The descriptor is closed only after SQLite's, because closing any
/// descriptor of a file drops the POSIX locks that the process has on it.
final class WriterLock: Sendable {
  private let descriptor: Int32

  /// Throws ``StoreError`` where another process holds the store.
  init(path: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError(path: path, reason: "it cannot be opened: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StoreError(path: path, reason: "another process is writing it")
    }
  }

  deinit { close(descriptor) }
}
