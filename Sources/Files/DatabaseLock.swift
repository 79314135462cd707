import Foundation

/// Holds a SQLite file for one process that owns it, as long as this value lives.
///
/// An flock(2) on the database file itself: it is independent of SQLite's own (POSIX) locks, goes with the process
/// however that dies, and leaves no file behind. It must outlive SQLite's connection, because closing any descriptor of
/// a file drops the POSIX locks that the process has on it.
package final class DatabaseLock: Sendable {
  /// Why the lock was not to be had.
  package enum Failure: Error, Hashable, Sendable {
    /// The file cannot be opened or made; the system's reason.
    case cannotOpen(String)
    /// Another process holds it.
    case heldByAnother
  }

  /// How long a lock that is held is tried again. A process that is just being started by the former owner has a copy of
  /// the owner's descriptor until it becomes another program; that takes milliseconds.
  private static let patience = Duration.milliseconds(100)
  private static let pauseSeconds = 0.01

  private let descriptor: Int32

  /// Takes the lock of the file at `path`, which is made where there is none.
  package init(path: String) throws(Failure) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotOpen(String(cString: strerror(errno))) }
    let deadline = ContinuousClock.now + Self.patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // Its end, which comes with the error, closes it.
      guard ContinuousClock.now < deadline else { throw .heldByAnother }
      Thread.sleep(forTimeInterval: Self.pauseSeconds)
    }
  }

  deinit { close(descriptor) }
}

/// Looks whether somebody holds a ``DatabaseLock``. Its descriptor, too, must outlive SQLite's connection.
package final class DatabaseLockProbe: Sendable {
  private let descriptor: Int32

  /// Nil where the file at `path` cannot be opened.
  package init?(path: String) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  /// Whether the lock is held. A process that wants it just now waits a moment for the answer.
  package var isHeld: Bool {
    guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
    flock(descriptor, LOCK_UN)
    return false
  }

  deinit { close(descriptor) }
}
