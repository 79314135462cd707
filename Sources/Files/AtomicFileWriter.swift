import Foundation

/// A whole-or-nothing file whose bytes come piece by piece: under a temporary name until ``finish(existing:)``. Where it
/// is let go before that, nothing is left.
///
/// A class, because its end must be noticed; used from one thread.
package final class AtomicFileWriter {
  private let path: String
  private let survivesPowerCut: Bool
  private let file: GrowingFile
  private var isRenamed = false

  /// Begins the file at `path`. Throws ``FileError``.
  ///
  /// - Parameter survivesPowerCut: Whether it is flushed to disk; see ``AtomicFile``.
  package init(path: String, survivesPowerCut: Bool = true) throws {
    self.path = path
    self.survivesPowerCut = survivesPowerCut
    file = try GrowingFile(
      path: AtomicFile.temporaryPath(for: path), called: path, startsWriteback: survivesPowerCut)
  }

  deinit {
    if !isRenamed { unlink(file.path) }
  }

  /// Adds `bytes`. Throws ``FileError``.
  package func write(_ bytes: [UInt8]) throws { try file.write(bytes) }

  /// Adds `bytes`. Throws ``FileError``.
  package func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }

  /// Gives the file its name. Throws ``FileError``, also where the name is taken and `existing` is `refuse`.
  package func finish(existing: AtomicFile.Existing = .refuse) throws {
    if survivesPowerCut { try file.flush() }
    try file.close()
    switch existing {
    case .replace:
      guard rename(file.path, path) == 0 else { throw FileError(path: path, action: .rename) }
      isRenamed = true
    case .refuse: try AtomicFile.link(file.path, to: path)
    }
    if survivesPowerCut { try AtomicFile.flushFolder(of: path) }
  }
}
