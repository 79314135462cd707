import Foundation

/// Reads whole files.
package enum TextFile {
  /// The bytes of the file at `path`. Throws ``FileError``.
  package static func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: .read) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, action: .read) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(path: path, action: .read, reason: "it is a folder")
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
          throw FileError(path: path, action: .read)
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
        path: path, action: .read,
        reason: isWide ? "it is UTF-16 text; save it as UTF-8" : "it is not UTF-8 text")
    }
    return text
  }
}
