/// Where MQTT packets begin and end in a stream of bytes (MQTT 5, 2.1: a type byte, the remaining length in one to four
/// bytes of seven bits, least significant first, and that many bytes).
struct PacketFraming: Hashable, Sendable {
  /// Bytes of the current packet that have passed; 0 between two packets.
  private(set) var passed = 0
  /// The length of the current packet; nil while its length is not read to the end.
  private(set) var total: Int?
  private var remainingLength = 0

  /// Whether a packet has begun and not ended.
  var isInside: Bool { passed > 0 }

  /// Lets `bytes` pass.
  mutating func pass(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index < bytes.count {
      if let total, passed < total {
        let step = min(total - passed, bytes.count - index)
        passed += step
        index += step
      } else {
        passHeader(bytes[index])
        index += 1
      }
      if passed == total { self = PacketFraming() }
    }
  }

  private mutating func passHeader(_ byte: UInt8) {
    if passed > 0 {
      remainingLength |= Int(byte & 0x7F) << (7 * (passed - 1))
      // A fifth byte of length is a fault of the sender; the packet is then taken to end here.
      if byte & 0x80 == 0 || passed == 4 { total = passed + 1 + remainingLength }
    }
    passed += 1
  }

  /// How many of `bytes` may pass so that the stream then stands in the middle of a packet; nil where all of them end
  /// before one.
  func cut(in bytes: UnsafeRawBufferPointer) -> Int? {
    var framing = self
    for index in bytes.indices {
      framing.pass(UnsafeRawBufferPointer(rebasing: bytes[index..<index + 1]))
      if framing.isInside, let total = framing.total, framing.passed * 2 >= total { return index + 1 }
    }
    return nil
  }
}
