import CLinux
import Foundation

/// A file that is written from its beginning to its end, piece by piece, or goes on where an earlier process has stopped. Closed
/// when it is let go. Used from one thread.
package final class GrowingFile {
  package let path: String
  /// What errors call it.
  private let name: String
  private let startsWriteback: Bool
  private var descriptor: Int32
  package private(set) var length: Int
  /// How much of it the system has been asked to write to disk.
  private var handedOver: Int
  /// After how many bytes it is asked again: its disk works while the file grows, and little is left to be waited for.
  private static let writebackBytes = 4 << 20
  /// The most that is written at a time. Linux takes memory in pieces as large as what is written (large folios), and in a virtual
  /// machine that hands unused memory back to its host (free page reporting) pieces of 128 KB and more have to be fetched from
  /// there: 48 MB took 130 to 180 ms in writes of 128 KB, and 13 to 30 ms in writes of 32 KB or 64 KB.
  private static let writeBytes = 64 << 10

  /// Opens the file at `path`, or makes it. Throws ``FileError``.
  ///
  /// - Parameters:
  ///   - name: What errors call it; nil for its path.
  ///   - length: How many bytes of it are kept; it has so many.
  ///   - startsWriteback: Whether its disk gets to work at once, for what is flushed in the end.
  package init(
    path: String, called name: String? = nil, keeping length: Int = 0, startsWriteback: Bool = false
  )
    throws
  {
    self.path = path
    self.name = name ?? path
    self.startsWriteback = startsWriteback
    self.length = length
    handedOver = length
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (length == 0 ? O_TRUNC : 0), 0o644)
    guard descriptor >= 0 else { throw FileError(path: self.name, action: .write) }
    // Not for a new file: some file systems write one that was cut to nothing to disk as soon as it is closed.
    if length > 0 {
      guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
        throw FileError(path: self.name, action: .write)
      }
    }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Adds `bytes`. Throws ``FileError``.
  package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Adds `bytes`. Throws ``FileError``.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var offset = 0
    while offset < bytes.count {
      let written = Glibc.write(
        descriptor, bytes.baseAddress! + offset, min(bytes.count - offset, Self.writeBytes))
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError(path: self.name, action: .write)
      }
      offset += written
    }
    length += bytes.count
    if startsWriteback, length - handedOver >= Self.writebackBytes {
      linux_start_writeback(descriptor, Int64(handedOver))
      handedOver = length
    }
  }

  /// Returns when everything is on disk. Throws ``FileError``.
  package func flush() throws {
    guard fsync(descriptor) == 0 else { throw FileError(path: self.name, action: .flush) }
  }

  /// Throws ``FileError`` where the system tells only now that something could not be written.
  package func close() throws {
    let closing = descriptor
    descriptor = -1
    guard Glibc.close(closing) == 0 else { throw FileError(path: self.name, action: .write) }
  }
}
