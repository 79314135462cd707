import Crypto
import Foundation

/// SHA-256 in lower-case hexadecimal, as `sha256sum` prints it.
public enum Digest {
  /// The digest of `bytes`.
  public static func sha256(_ bytes: some DataProtocol) -> String {
    hexadecimal(SHA256.hash(data: bytes))
  }

  /// The digest of `text` in UTF-8.
  public static func sha256(text: String) -> String { sha256(Array(text.utf8)) }

  /// The digest of the file at `path`, read in pieces. Throws ``FileError``.
  public static func sha256(file path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else { throw FileError(path: path, action: "read") }
    defer { try? file.close() }
    var hash = SHA256()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hexadecimal(hash.finalize())
  }

  /// The first half, 16 bytes, of the SHA-256 of two runs of bytes and where one ends and the other begins.
  public static func half(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    withUnsafeBytes(of: first.count.littleEndian) { hash.update(bufferPointer: $0) }
    hash.update(bufferPointer: first)
    hash.update(bufferPointer: second)
    return Array(hash.finalize().prefix(16))
  }

  fileprivate static func hexadecimal(_ digest: SHA256.Digest) -> String {
    String(unsafeUninitializedCapacity: 2 * SHA256.byteCount) { text in
      var count = 0
      for byte in digest {
        for digit in [byte >> 4, byte & 15] {
          text[count] = digit < 10 ? 0x30 + digit : 0x61 - 10 + digit
          count += 1
        }
      }
      return count
    }
  }
}

/// A digest of bytes that come piece by piece.
public struct RunningDigest {
  private var hash = SHA256()

  public init() {}

  /// Adds `bytes` to what the digest is of.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// Adds `bytes` to what the digest is of.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The digest of everything added so far.
  public var sha256: String { Digest.hexadecimal(hash.finalize()) }
}
