import Foundation

/// Files that are there whole or not at all: written under a temporary name, flushed to disk, then renamed.
package enum AtomicFile {
  /// What to do where the file exists already.
  package enum Existing: Sendable {
    /// Refuse with ``FileError``.
    case refuse
    /// Put the new file in its place.
    case replace
  }

  /// Writes `text` to `path` as UTF-8. A reader sees the old file, no file, or the new file whole.
  package static func write(_ text: String, to path: String, existing: Existing = .refuse) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0), to: path, existing: existing) }
  }

  /// Writes `bytes` to `path`. A reader sees the old file, no file, or the new file whole.
  ///
  /// - Parameter survivesPowerCut: Whether it is flushed to disk. Without that, a power cut may leave a file of this name
  ///   that is not whole: for what can be told from its content, and made again.
  package static func write(
    _ bytes: some Sequence<UInt8>, to path: String, existing: Existing = .refuse,
    survivesPowerCut: Bool = true
  ) throws {
    let array = Array(bytes)
    try array.withUnsafeBytes {
      try write($0, to: path, existing: existing, survivesPowerCut: survivesPowerCut)
    }
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, existing: Existing, survivesPowerCut: Bool = true
  ) throws {
    let writer = try AtomicFileWriter(path: path, survivesPowerCut: survivesPowerCut)
    try writer.write(bytes)
    try writer.finish(existing: existing)
  }

  /// The name that the file at `path` has until it is whole.
  package static func temporaryPath(for path: String) -> String { "\(path).\(getpid()).tmp" }

  /// Flushes the file at ``temporaryPath(for:)``, which a library has written, and puts it in place of an older one at `path`.
  package static func finish(_ path: String) throws {
    let temporary = temporaryPath(for: path)
    let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: .write) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, action: .flush) }
    guard rename(temporary, path) == 0 else { throw FileError(path: path, action: .rename) }
    try flushFolder(of: path)
  }

  /// Gives the file at `file` the name `path` too. Throws ``FileError``, also where the name is taken: a rename would replace
  /// what has it, silently.
  package static func link(_ file: String, to path: String) throws {
    guard Glibc.link(file, path) == 0 else { throw FileError(path: path, action: .create) }
  }

  /// Flushes the folder entry of `path`, so that a new name survives a power cut.
  package static func flushFolder(of path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: .flushFolder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, action: .flushFolder) }
  }
}
