import Foundation

/// Reads the canonical form without allocating for anything but the result. Gives up (nil) at the first byte that is
/// not of that form; ``PayloadCodec/decodeAnyJSON(_:refused:)`` then decides.
struct MessageScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// - Parameter expected: The device that the topic names, which is nearly always the payload's: comparing is cheaper than
  ///   making a name.
  mutating func message(expecting expected: DeviceID?) -> Message? {
    guard skip("{\"device\":\""), let device = device(expected) else { return nil }
    var position: Message.Position?
    if skip(",\"epoch\":") {
      guard let epoch = integer(), skip(",\"seq\":"), let sequence = integer() else { return nil }
      position = Message.Position(epoch: epoch, sequence: sequence)
    }
    guard skip(",\"ts\":"), let milliseconds = integer(), milliseconds <= PayloadCodec.latestTimestamp,
      skip(",\"values\":{\"")
    else { return nil }
    var values: [Message.Value] = []
    values.reserveCapacity(4)
    var members = 0
    while true {
      members += 1
      guard members <= PayloadCodec.maximumValues, let sensor = identifier().map(SensorID.init(checked:)),
        skip(":")
      else { return nil }
      // A sensor that has no reading.
      if !skip("null") {
        guard let value = number(), !values.contains(where: { $0.sensor == sensor }) else { return nil }
        values.append(.init(sensor: sensor, value: value))
      }
      if skip(",\"") { continue }
      guard skip("}}"), offset == bytes.count, !values.isEmpty else { return nil }
      // The same order as the other decoder's, whatever the device's.
      var isSorted = true
      for index in values.indices.dropFirst() where values[index].sensor < values[index - 1].sensor {
        isSorted = false
      }
      if !isSorted { values.sort { $0.sensor < $1.sensor } }
      return Message(
        device: device, position: position, timestamp: Timestamp(milliseconds: milliseconds), values: values)
    }
  }

  private mutating func skip(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - offset >= count, memcmp(bytes.baseAddress! + offset, text.utf8Start, count) == 0
    else {
      return false
    }
    offset += count
    return true
  }

  private mutating func device(_ expected: DeviceID?) -> DeviceID? {
    if let expected {
      let length = expected.name.utf8.count
      if bytes.count - offset > length, bytes[offset + length] == 0x22,
        bytes[offset..<offset + length].elementsEqual(expected.name.utf8)
      {
        offset += length + 1
        return expected
      }
    }
    return identifier().map(DeviceID.init(checked:))
  }

  /// An id, checked, and the quote that ends it.
  private mutating func identifier() -> String? {
    let start = offset
    while offset < bytes.count, bytes[offset] != 0x22 {
      guard bytes[offset] != 0x5C, offset - start < IdentifierRule.maximumLength else { return nil }
      offset += 1
    }
    guard offset < bytes.count else { return nil }
    let name = UnsafeBufferPointer(rebasing: bytes[start..<offset])
    guard IdentifierRule.accepts(name) else { return nil }
    offset += 1
    return String(decoding: name, as: UTF8.self)
  }

  /// A whole number from 0, of at most 18 digits and without leading zeros.
  private mutating func integer() -> Int64? {
    let start = offset
    var value: Int64 = 0
    while offset < bytes.count, isDigit(bytes[offset]) {
      value = value &* 10 &+ Int64(bytes[offset] - 0x30)
      offset += 1
    }
    let digits = offset - start
    guard digits > 0, digits <= 18, digits == 1 || bytes[start] != 0x30 else { return nil }
    return value
  }

  /// A JSON number. Short decimals are exact by arithmetic (Clinger, "How to Read Floating Point Numbers Accurately",
  /// 1990: a mantissa below 2^53 and a power of ten up to 22 are both exact, so one division rounds once); the rest
  /// goes through `strtod`.
  private mutating func number() -> Double? {
    let start = offset
    let negative = offset < bytes.count && bytes[offset] == 0x2D
    if negative { offset += 1 }
    let integerStart = offset
    var mantissa: UInt64 = 0
    var digits = 0
    while offset < bytes.count, isDigit(bytes[offset]) {
      mantissa = mantissa &* 10 &+ UInt64(bytes[offset] - 0x30)
      digits += 1
      offset += 1
    }
    guard digits == 1 || (digits > 1 && bytes[integerStart] != 0x30) else { return nil }
    var fraction = 0
    if offset < bytes.count, bytes[offset] == 0x2E {
      offset += 1
      while offset < bytes.count, isDigit(bytes[offset]) {
        mantissa = mantissa &* 10 &+ UInt64(bytes[offset] - 0x30)
        fraction += 1
        offset += 1
      }
      guard fraction > 0 else { return nil }
    }
    var hasExponent = false
    if offset < bytes.count, bytes[offset] | 0x20 == 0x65 {
      hasExponent = true
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2B || bytes[offset] == 0x2D { offset += 1 }
      let exponentStart = offset
      while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
      guard offset > exponentStart else { return nil }
    }
    // 2^53 has 16 digits; 15 are always below it.
    if !hasExponent, digits + fraction <= 15 {
      let magnitude = Double(mantissa) / Self.powersOfTen[fraction]
      return negative ? -magnitude : magnitude
    }
    return slowNumber(start..<offset)
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Numbers too large for a double are left to the other decoder to judge.
  private func slowNumber(_ range: Range<Int>) -> Double? {
    guard let value = Double(String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)),
      value.isFinite
    else { return nil }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
