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
        guard let value = DecimalScanner.number(bytes, &offset),
          !values.contains(where: { $0.sensor == sensor })
        else { return nil }
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
        expected.name.utf8.withContiguousStorageIfAvailable({
          memcmp($0.baseAddress!, bytes.baseAddress! + offset, length) == 0
        }) ?? false
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

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
