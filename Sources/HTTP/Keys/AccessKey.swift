import CCrypto
import Wording

/// A key by which a client proves who it is: 256 random bits as text, `sonde_` and 43 letters of base64url (RFC 4648, 5). It is shown once,
/// where it is made; files have its digest alone.
package struct AccessKey: Hashable, Sendable {
  /// What the client sends after `Bearer`.
  package let text: String

  /// Tells scanners for secrets, and people, what was found.
  package static let prefix = "sonde_"
  private static let randomBytes = 32

  /// A new one, of the system's random numbers (getrandom(2)).
  package init() {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<Self.randomBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    text = Self.prefix + Base64URL.text(bytes)
  }

  package var digest: KeyDigest { KeyDigest(of: text.utf8) }
}

/// The SHA-256 of a key. From it the key cannot be found: a key has as many random bits as the digest.
package struct KeyDigest: Hashable, Sendable {
  private let bytes: [UInt8]

  private static let length = 32

  init(of text: some Collection<UInt8>) {
    bytes = [UInt8](unsafeUninitializedCapacity: Self.length) { buffer, count in
      let isWhole = text.withContiguousStorageIfAvailable {
        EVP_Digest($0.baseAddress, $0.count, buffer.baseAddress, nil, EVP_sha256(), nil)
      }
      // Text that is bridged or stored in pieces has no such storage.
      let done =
        isWhole
        ?? Array(text).withUnsafeBufferPointer {
          EVP_Digest($0.baseAddress, $0.count, buffer.baseAddress, nil, EVP_sha256(), nil)
        }
      precondition(done == 1, "libcrypto has no SHA-256")
      count = Self.length
    }
  }

  /// Reads 64 hexadecimal digits in lower case; nil for anything else.
  package init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == Self.length * 2 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }

  /// As files have it.
  package var text: String { Self.hexadecimal(bytes) }

  /// What logs call it: the first eight digits tell a few keys apart.
  package var firstDigits: String { Self.hexadecimal(bytes.prefix(4)) }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Whether both are the same, in a time that does not tell where they differ.
  func isSame(_ other: KeyDigest) -> Bool { CRYPTO_memcmp(bytes, other.bytes, Self.length) == 0 }
}

/// Bytes as letters that need no quoting in a header, a shell or a file.
enum Base64URL {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Without the signs at the end that fill up.
  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(letters[Int(bits >> UInt32(count) & 63)])
      }
    }
    if count > 0 { text.append(letters[Int(bits << UInt32(6 - count) & 63)]) }
    return String(decoding: text, as: UTF8.self)
  }
}
