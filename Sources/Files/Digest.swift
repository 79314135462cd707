import CCrypto
import Foundation

/// SHA-256 in lower-case hexadecimal, as `sha256sum` prints it.
package enum Digest {
  /// The digest of `bytes`.
  package static func sha256(_ bytes: some DataProtocol) -> String {
    var digest = RunningDigest()
    for region in bytes.regions { region.withUnsafeBytes { digest.update($0) } }
    return digest.sha256
  }

  /// The digest of `text` in UTF-8.
  package static func sha256(text: String) -> String { sha256(Array(text.utf8)) }

  /// The digest of `text` in UTF-8 as a `Content-Security-Policy` has it: `sha256-` and base64.
  package static func policySource(ofText text: String) -> String {
    var digest = RunningDigest()
    digest.update(Array(text.utf8))
    return "sha256-" + Data(digest.bytes).base64EncodedString()
  }

  /// The digest of the file at `path`, read in pieces. Throws ``FileError``.
  package static func sha256(file path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else { throw FileError(path: path, action: .read) }
    defer { try? file.close() }
    var digest = RunningDigest()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      piece.withUnsafeBytes { digest.update($0) }
    }
    return digest.sha256
  }

  /// The first half, 16 bytes, of the SHA-256 of two runs of bytes and where one ends and the other begins.
  package static func half(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> [UInt8] {
    var digest = RunningDigest()
    withUnsafeBytes(of: first.count.littleEndian) { digest.update($0) }
    digest.update(first)
    digest.update(second)
    return Array(digest.bytes.prefix(16))
  }
}

/// A digest of bytes that come piece by piece, by libcrypto. A copy goes on by itself.
package struct RunningDigest {
  private var context = Context()

  package init() {}

  /// Adds `bytes` to what the digest is of.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
    context.update(bytes)
  }

  /// Adds `bytes` to what the digest is of.
  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The SHA-256 of everything added so far, in hexadecimal.
  package var sha256: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The same in 32 bytes.
  var bytes: [UInt8] { Context(copying: context).finish() }

  /// What libcrypto keeps between two pieces. SHA-256 in memory has no way to fail but for want of memory.
  private final class Context {
    private let pointer: OpaquePointer

    init() {
      guard let pointer = EVP_MD_CTX_new(), EVP_DigestInit_ex(pointer, EVP_sha256(), nil) == 1 else {
        preconditionFailure("libcrypto has no SHA-256")
      }
      self.pointer = pointer
    }

    init(copying other: Context) {
      guard let pointer = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(pointer, other.pointer) == 1 else {
        preconditionFailure("libcrypto has no memory for a SHA-256")
      }
      self.pointer = pointer
    }

    deinit { EVP_MD_CTX_free(pointer) }

    func update(_ bytes: UnsafeRawBufferPointer) {
      EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count)
    }

    /// Nothing can be added after this.
    func finish() -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
        EVP_DigestFinal_ex(pointer, buffer.baseAddress, nil)
        count = 32
      }
    }
  }
}
