import CLinux
import Foundation

/// A whole-or-nothing file whose bytes come piece by piece: under a temporary name until ``finish(existing:)``. Where it
/// is let go before that, nothing is left.
///
/// A class, because its end must be noticed; used from one thread.
public final class AtomicFileWriter {
  private let path: String
  private let temporary: String
  private let survivesPowerCut: Bool
  private var descriptor: Int32
  private var isRenamed = false
  private var length = 0
  /// How much of it the system has been asked to write to disk.
  private var handedOver = 0
  /// After how many bytes it is asked again: its disk works while the file grows, and little is left to be waited for.
  private static let writebackBytes = 4 << 20

  /// Begins the file at `path`. Throws ``FileError``.
  ///
  /// - Parameter survivesPowerCut: Whether it is flushed to disk; see ``AtomicFile``.
  public init(path: String, survivesPowerCut: Bool = true) throws {
    self.path = path
    self.survivesPowerCut = survivesPowerCut
    temporary = AtomicFile.temporaryPath(for: path)
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, action: "write") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isRenamed { unlink(temporary) }
  }

  /// Adds `bytes`. Throws ``FileError``.
  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Adds `bytes`. Throws ``FileError``.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    var offset = 0
    while offset < bytes.count {
      let written = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, action: "write")
      }
      offset += written
    }
    length += bytes.count
    if survivesPowerCut, length - handedOver >= Self.writebackBytes {
      linux_start_writeback(descriptor, Int64(handedOver))
      handedOver = length
    }
  }

  /// Gives the file its name. Throws ``FileError``, also where the name is taken and `existing` is `refuse`.
  public func finish(existing: AtomicFile.Existing = .refuse) throws {
    if survivesPowerCut {
      guard fsync(descriptor) == 0 else { throw FileError(path: path, action: "flush") }
    }
    let closing = descriptor
    descriptor = -1
    guard close(closing) == 0 else { throw FileError(path: path, action: "write") }
    switch existing {
    case .replace:
      guard rename(temporary, path) == 0 else { throw FileError(path: path, action: "rename to") }
      isRenamed = true
    case .refuse:
      // A hard link fails where the name is taken; a rename would replace silently.
      guard link(temporary, path) == 0 else { throw FileError(path: path, action: "create") }
    }
    if survivesPowerCut { try AtomicFile.flushFolder(of: path) }
  }
}
