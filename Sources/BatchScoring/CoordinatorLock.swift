import Foundation

/// Holds a run's folder for one coordinator (a scheduler, or a job by hand) as long as it lives: two would score the
/// same cut.
///
/// An flock(2) on `jobs.sqlite` itself, as ingestion holds its store: it goes with the process however that dies, and
/// leaves no file behind. The descriptor is closed only after SQLite's, because closing any descriptor of a file drops
/// the POSIX locks that the process has on it.
final class CoordinatorLock: Sendable {
  private let descriptor: Int32

  /// Throws ``ScoringError`` where another coordinator holds the folder of `path`.
  init(path: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ScoringError("job database \(path): it cannot be opened: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw ScoringError(
        "\(path): a scheduler or a job is running in this folder already; wait for its end, or stop it")
    }
  }

  deinit { close(descriptor) }
}
