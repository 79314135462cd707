import Files
import Foundation
import Wording

/// A file of keys. Only its owner may read it, and it is replaced whole.
///
/// One exception: a file of root's may be readable by a group, where the reader is somebody else. So Kubernetes mounts a secret for a
/// program without a root, and PostgreSQL takes its server's key by the same rule.
package enum KeyFile {
  /// The longest one: a thousand clients take a quarter of it.
  private static let mostBytes = 1 << 20

  /// Reads the file at `path`. Throws ``KeyFileError``, also where others may read it.
  package static func read(_ path: String) throws(KeyFileError) -> AccessKeys {
    let keys: AccessKeys
    do {
      let bytes = try secretBytes(path)
      keys = try JSONDecoder().decode(AccessKeys.self, from: Data(bytes))
      try keys.check()
    } catch let error as KeyFileError {
      throw error
    } catch let error as DecodingError {
      throw KeyFileError(path: path, reason: error.reason)
    } catch {
      throw KeyFileError(path: path, reason: (error as? FileError)?.reason ?? "\(error)")
    }
    return keys
  }

  private static func secretBytes(_ path: String) throws -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw KeyFileError(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw KeyFileError(path: path, reason: "it is no file") }
    guard !isOpenToOthers(mode: status.st_mode, owner: status.st_uid, reader: geteuid()) else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw KeyFileError(
        path: path,
        reason: "others than its owner may use it (mode \(mode)); do this:  chmod 600 \(path.excerpt)")
    }
    guard status.st_size <= mostBytes else {
      throw KeyFileError(path: path, reason: "it is too long for a key file")
    }
    return try TextFile.bytes(of: path)
  }

  /// Whether a file of `owner` with `mode` may be used by others than those who should, when `reader` reads it.
  package static func isOpenToOthers(mode: mode_t, owner: uid_t, reader: uid_t) -> Bool {
    let groupMayRead = owner == 0 && reader != 0
    return mode & (groupMayRead ? 0o037 : 0o077) != 0
  }

  /// Changes the file at `path`, or makes it, and returns what `change` returns. Two who do so at once follow each other.
  package static func update<Value>(
    _ path: String, creating: Bool = false, _ change: (inout AccessKeys) throws(AccessKeyError) -> Value
  ) throws -> Value {
    let folder = (path as NSString).deletingLastPathComponent
    // The folder is what is locked: the file is another one after each change.
    let lock = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      let reason = String(cString: strerror(errno))
      if lock >= 0 { close(lock) }
      throw KeyFileError(path: path, reason: reason)
    }
    defer { close(lock) }
    var status = stat()
    let isThere = stat(path, &status) == 0
    var keys = !isThere && creating ? AccessKeys() : try read(path)
    let value = try change(&keys)
    try write(keys, to: path)
    return value
  }

  private static func write(_ keys: AccessKeys, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let bytes = try encoder.encode(keys) + [0x0A]
    let temporary = AtomicFile.temporaryPath(for: path)
    unlink(temporary)
    // Its mode from the beginning, so that nobody reads it in between.
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw KeyFileError(path: path, reason: String(cString: strerror(errno))) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: bytes)
      try file.close()
      try AtomicFile.finish(path)
    } catch {
      unlink(temporary)
      throw error
    }
  }
}

/// A key file that is of no use.
package struct KeyFileError: ExitingError, Hashable {
  package let path: String
  package let reason: String

  package var exitStatus: ExitStatus { .usage }

  package var description: String { "the key file \(path.excerpt): \(reason)" }
}
