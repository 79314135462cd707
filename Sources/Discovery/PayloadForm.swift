/// A mark of a payload's form, by one look at its bytes: payloads of the same members and types have the same, and most others another.
enum PayloadForm {
  /// Of JSON, the set of its keys with their depth and the type that follows; of a text, what it begins with; of everything else, that
  /// it is none of these.
  static func mark(_ payload: UnsafeBufferPointer<UInt8>) -> UInt128 {
    guard let first = payload.first(where: { $0 > 0x20 }) else { return 1 }
    if first == 0x7B || first == 0x5B { return json(payload) }
    if first < 0x80, isNumeric(first) { return 2 }
    var hash = basis
    for byte in payload.prefix(24) {
      guard byte >= 0x20, byte != 0x2C, byte != 0x3D, !isDigit(byte) else { break }
      hash = mixed(hash, byte)
    }
    return UInt128(hash) << 8 | 3
  }

  private static func json(_ payload: UnsafeBufferPointer<UInt8>) -> UInt128 {
    var set: UInt128 = 0
    var depth: UInt8 = 0
    var offset = 0
    while offset < payload.count {
      let byte = payload[offset]
      offset += 1
      switch byte {
      case 0x7B, 0x5B: depth &+= 1
      case 0x7D, 0x5D: depth &-= 1
      case 0x22:
        var hash = mixed(basis, depth)
        while offset < payload.count, payload[offset] != 0x22 {
          if payload[offset] == 0x5C { offset += 1 }
          if offset < payload.count { hash = mixed(hash, payload[offset]) }
          offset += 1
        }
        offset += 1
        while offset < payload.count, payload[offset] <= 0x20 { offset += 1 }
        guard offset < payload.count, payload[offset] == 0x3A else { continue }
        offset += 1
        while offset < payload.count, payload[offset] <= 0x20 { offset += 1 }
        guard offset < payload.count else { continue }
        hash = mixed(hash, isNumeric(payload[offset]) ? 0x30 : payload[offset])
        // Two of 128 bits a key: few keys hide behind others.
        set |= 1 << UInt128(hash >> 57)
        set |= 1 << UInt128((hash >> 40) & 127)
      default: break
      }
    }
    return set << 1
  }

  private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325

  /// FNV-1a (Fowler, Noll, Vo), and a mixing of its high bits.
  private static func mixed(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    let product = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    return product ^ (product >> 29)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private static func isNumeric(_ byte: UInt8) -> Bool { isDigit(byte) || byte == 0x2D || byte == 0x2B }
}
