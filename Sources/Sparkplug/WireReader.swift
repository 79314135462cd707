/// Bytes that are no Protocol Buffers message.
struct WireFault: Error, Hashable {
  /// What is wrong, for people.
  let reason: String
}

/// Reads the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding) out of bytes that stay where they are: field
/// by field, without copies, and never beyond the end. It does not recurse: a message inside of a message is a reader of its own,
/// so nesting costs nothing before somebody asks for it.
struct WireReader {
  /// How a value is written. Groups (3 and 4) are refused: they are deprecated, and Sparkplug has none.
  enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  private(set) var field: UInt32 = 0
  private(set) var type = WireType.varint
  private let source: UnsafeBufferPointer<UInt8>
  private var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { source = bytes }

  /// Goes to the next field. False at the end.
  mutating func next() throws(WireFault) -> Bool {
    guard offset < source.count else { return false }
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
      throw WireFault(reason: "a field has the number \(tag >> 3)")
    }
    guard let type = WireType(rawValue: UInt8(tag & 7)) else {
      throw WireFault(
        reason: "field \(tag >> 3) is of wire type \(tag & 7), which is none that is in use")
    }
    field = UInt32(tag >> 3)
    self.type = type
    return true
  }

  /// At most ten bytes, of which the last has one bit.
  mutating func varint() throws(WireFault) -> UInt64 {
    // Most are of one byte.
    if offset < source.count, source[offset] < 0x80 {
      offset += 1
      return UInt64(source[offset - 1])
    }
    var value: UInt64 = 0
    var shift: UInt64 = 0
    var index = offset
    while index < source.count, shift < 64 {
      let byte = source[index]
      index += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 {
        offset = index
        return value
      }
      shift += 7
    }
    throw WireFault(
      reason: index == source.count && shift < 64 ? "it ends inside of a number" : "a number is too long")
  }

  mutating func fixed64() throws(WireFault) -> UInt64 {
    let begin = try take(8)
    return UInt64(
      littleEndian: UnsafeRawBufferPointer(source).loadUnaligned(fromByteOffset: begin, as: UInt64.self))
  }

  mutating func fixed32() throws(WireFault) -> UInt32 {
    let begin = try take(4)
    return UInt32(
      littleEndian: UnsafeRawBufferPointer(source).loadUnaligned(fromByteOffset: begin, as: UInt32.self))
  }

  mutating func bytes() throws(WireFault) -> UnsafeBufferPointer<UInt8> {
    let count = try varint()
    guard count <= UInt64(source.count - offset) else {
      throw WireFault(
        reason: "field \(field) should have \(count) bytes, and \(source.count - offset) are there")
    }
    let begin = try take(Int(count))
    return UnsafeBufferPointer(rebasing: source[begin..<offset])
  }

  /// Leaves out the value of the present field.
  mutating func skip() throws(WireFault) {
    switch type {
    case .varint: _ = try varint()
    case .fixed64: _ = try take(8)
    case .bytes: _ = try bytes()
    case .fixed32: _ = try take(4)
    }
  }

  /// Goes beyond `count` bytes, and returns where they begin.
  private mutating func take(_ count: Int) throws(WireFault) -> Int {
    guard count <= source.count - offset else { throw WireFault(reason: "it ends inside of field \(field)") }
    offset += count
    return offset - count
  }
}

extension [UInt8] {
  mutating func appendWire(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func appendWire(_ field: UInt32, varint value: UInt64) {
    appendWire(varint: UInt64(field) << 3)
    appendWire(varint: value)
  }

  mutating func appendWire(_ field: UInt32, fixed64 value: UInt64) {
    appendWire(varint: UInt64(field) << 3 | 1)
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  mutating func appendWire(_ field: UInt32, bytes: some Collection<UInt8>) {
    appendWire(varint: UInt64(field) << 3 | 2)
    appendWire(varint: UInt64(bytes.count))
    append(contentsOf: bytes)
  }
}
