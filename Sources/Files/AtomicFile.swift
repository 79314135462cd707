import Foundation

/// A file or folder that could not be read or written: where, and what the system said.
package struct FileError: Error, CustomStringConvertible {
  package let path: String
  package let action: String
  package let reason: String

  package init(path: String, action: String, reason: String) {
    self.path = path
    self.action = action
    self.reason = reason
  }

  /// Takes the reason from `errno`.
  init(path: String, action: String, errno code: Int32 = errno) {
    self.init(path: path, action: action, reason: String(cString: strerror(code)))
  }

  package var description: String { "cannot \(action) \(path): \(reason)" }
}

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
    guard descriptor >= 0 else { throw FileError(path: path, action: "write") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, action: "flush") }
    guard rename(temporary, path) == 0 else { throw FileError(path: path, action: "rename to") }
    try flushFolder(of: path)
  }

  /// Gives the file at `file` the name `path` too. Throws ``FileError``, also where the name is taken: a rename would replace
  /// what has it, silently.
  package static func link(_ file: String, to path: String) throws {
    guard Glibc.link(file, path) == 0 else { throw FileError(path: path, action: "create") }
  }

  /// Flushes the folder entry of `path`, so that a new name survives a power cut.
  package static func flushFolder(of path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "flush the folder of") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, action: "flush the folder of") }
  }
}

/// Reads whole files.
package enum TextFile {
  /// The bytes of the file at `path`. Throws ``FileError``.
  package static func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "read") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, action: "read") }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(path: path, action: "read", reason: "it is a folder")
    }
    // One more byte than the file has, so that its end is seen without asking for more memory.
    var capacity = Int(status.st_size) + 1
    var bytes = try read(descriptor, path, upTo: capacity)
    while bytes.count == capacity {
      // It has grown meanwhile, or is no plain file and has no size.
      let more = try read(descriptor, path, upTo: 1 << 16)
      capacity = bytes.count + (1 << 16)
      bytes += more
    }
    return bytes
  }

  /// Reads to the end, or until there are `capacity` bytes.
  private static func read(_ descriptor: Int32, _ path: String, upTo capacity: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
      while filled < capacity {
        let count = Glibc.read(descriptor, buffer.baseAddress! + filled, capacity - filled)
        if count == 0 { return }
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(path: path, action: "read")
        }
        filled += count
      }
    }
  }

  /// The text of the file at `path`, which must be UTF-8. Throws ``FileError``.
  package static func text(of path: String) throws -> String {
    let bytes = try bytes(of: path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      // A byte order mark tells; no text in UTF-8 begins so.
      let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw FileError(
        path: path, action: "read",
        reason: isWide ? "it is UTF-16 text; save it as UTF-8" : "it is not UTF-8 text")
    }
    return text
  }
}
