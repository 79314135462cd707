import Foundation

/// Reads the lines of a file that grows, as they come. The file is opened for each look and closed again.
package struct LineTail {
  package let path: String
  private var offset = 0

  package init(_ path: String) { self.path = path }

  /// The whole lines that have come since, of at most `most` bytes. A file that is not there has none yet. A line that is longer than
  /// `most` is passed over.
  package mutating func next(most: Int = LiveDefaults.tailBytesPerLook) -> [String] {
    let bytes = FilePiece.read(path, from: offset, most: most)
    guard let end = bytes.lastIndex(of: 0x0A) else {
      if bytes.count == most { offset += most }
      return []
    }
    offset += end + 1
    return bytes[..<end].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// A piece of a file.
enum FilePiece {
  /// The bytes of the file at `path` from `offset` on, at most `most`; none where it cannot be read, or ends before.
  static func read(_ path: String, from offset: Int, most: Int) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
    let count = min(most, Int(status.st_size) - offset)
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let read = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { return }
        filled += read
      }
    }
  }
}
