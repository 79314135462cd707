import Foundation

/// Why a payload is not a message. The text is what a person reads in `rejected_messages`.
public enum PayloadError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLarge(bytes: Int)
  case notUTF8
  case malformed(String)
  case invalidDevice(String)
  case otherDevice(payload: String, topic: String)
  case invalidSensor(String)
  case noValues
  case tooManyValues(Int)
  case notFinite(sensor: String)
  case timestampOutOfRange(Int64)
  case negativePosition
  /// The time lies further ahead than is believed.
  case tooFarInTheFuture(milliseconds: Int64, limit: Duration)

  public var description: String {
    switch self {
    case .tooLarge(let bytes): "the payload has \(bytes) bytes; at most \(PayloadCodec.maximumBytes) are read"
    case .notUTF8: "the payload is not UTF-8"
    case .malformed(let detail): "the payload is not a message: \(detail)"
    case .invalidDevice(let name): "“\(name.prefix(80))” is not a device id"
    case .otherDevice(let payload, let topic):
      "the payload is of device “\(payload)”, the topic of “\(topic)”"
    case .invalidSensor(let name): "“\(name.prefix(80))” is not a sensor id"
    case .noValues: "the message has no values"
    case .tooManyValues(let count):
      "the message has \(count) values; at most \(PayloadCodec.maximumValues) are read"
    case .notFinite(let sensor): "the value of “\(sensor)” is not a finite number"
    case .timestampOutOfRange(let milliseconds):
      "the time \(milliseconds) ms is outside the years 1970 to 9999"
    case .tooFarInTheFuture(let milliseconds, let limit):
      "the time \(Timestamp(milliseconds: milliseconds)) is more than \(limit.text) ahead of every clock; "
        + "believing it would close the device's windows"
    case .negativePosition: "epoch and seq must be given both, and not be negative"
    }
  }
}

/// The JSON form of a ``Message``:
/// `{"device":"pump-0007","epoch":1,"seq":4711,"ts":1767225600000,"values":{"temperature":21.37}}`.
///
/// Decoding tries a scanner for exactly this shape first; anything else (white space, escapes, other keys, another
/// order) goes through `JSONDecoder`. Both read the same message from the same bytes.
public enum PayloadCodec {
  /// The largest payload that is read.
  public static let maximumBytes = 64 * 1024
  /// The most sensors of one message.
  public static let maximumValues = 256
  /// 9999-12-31T23:59:59.999Z; later times have no ISO 8601 form of four-digit years.
  static let latestTimestamp: Int64 = 253_402_300_799_999

  // MARK: - Encoding

  /// Appends the payload of `message` to `buffer`. Numbers are written in the shortest form that reads back equal.
  public static func encode(_ message: Message, into buffer: inout [UInt8]) {
    func text(_ string: StaticString) {
      buffer.append(
        contentsOf: UnsafeBufferPointer(start: string.utf8Start, count: string.utf8CodeUnitCount))
    }
    text("{\"device\":\"")
    buffer.append(contentsOf: message.device.name.utf8)
    text("\"")
    if let position = message.position {
      text(",\"epoch\":")
      buffer.append(decimal: position.epoch)
      text(",\"seq\":")
      buffer.append(decimal: position.sequence)
    }
    text(",\"ts\":")
    buffer.append(decimal: message.timestamp.milliseconds)
    text(",\"values\":")
    encode(values: message.values, into: &buffer)
    text("}")
  }

  /// Appends values as a JSON object by sensor.
  static func encode(values: [Message.Value], into buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "{"))
    for (index, value) in values.enumerated() {
      if index > 0 { buffer.append(UInt8(ascii: ",")) }
      buffer.append(UInt8(ascii: "\""))
      buffer.append(contentsOf: value.sensor.name.utf8)
      buffer.append(UInt8(ascii: "\""))
      buffer.append(UInt8(ascii: ":"))
      buffer.append(contentsOf: value.value.description.utf8)
    }
    buffer.append(UInt8(ascii: "}"))
  }

  // MARK: - Decoding

  /// The message in `payload`, which came on the topic of `device` (nil where the topic names none). Throws
  /// ``PayloadError``.
  public static func decode(_ payload: UnsafeBufferPointer<UInt8>, topicDevice: DeviceID?)
    throws(PayloadError)
    -> Message
  {
    guard payload.count <= maximumBytes else { throw .tooLarge(bytes: payload.count) }
    var scanner = MessageScanner(payload)
    let message: Message
    if let scanned = scanner.message(expecting: topicDevice) {
      message = scanned
    } else {
      message = try decodeAnyJSON(payload)
    }
    if let topicDevice, topicDevice != message.device {
      throw .otherDevice(payload: message.device.name, topic: topicDevice.name)
    }
    return message
  }

  /// The messages in `payload`: one of the canonical form, or those of a ``SenML`` pack. Throws ``PayloadError``.
  ///
  /// - Parameter received: The wall clock, for the relative times that SenML allows.
  public static func decodeAll(
    _ payload: UnsafeBufferPointer<UInt8>, topicDevice: DeviceID?, received: Timestamp,
    _ body: (Message) -> Void
  ) throws(PayloadError) {
    guard SenML.isPack(payload) else {
      body(try decode(payload, topicDevice: topicDevice))
      return
    }
    guard payload.count <= maximumBytes else { throw .tooLarge(bytes: payload.count) }
    guard let topicDevice else { throw .malformed("a SenML pack needs a topic that names its device") }
    for message in try SenML.decode(payload, device: topicDevice, received: received) { body(message) }
  }

  /// Decodes through `JSONDecoder`: slower, for every way in which JSON can be written, and for the reason of a
  /// refusal. Throws ``PayloadError``.
  public static func decodeAnyJSON(_ payload: UnsafeBufferPointer<UInt8>) throws(PayloadError) -> Message {
    guard String(validating: payload, as: UTF8.self) != nil else { throw .notUTF8 }
    let raw: RawMessage
    do {
      raw = try JSONDecoder().decode(RawMessage.self, from: Data(payload))
    } catch let error as DecodingError {
      throw .malformed(error.sentence)
    } catch {
      throw .malformed("\(error)")
    }
    guard let device = DeviceID(raw.device) else { throw .invalidDevice(raw.device) }
    guard !raw.values.isEmpty else { throw .noValues }
    guard raw.values.count <= maximumValues else { throw .tooManyValues(raw.values.count) }
    var values: [Message.Value] = []
    // A JSON object has no order; by name is an order that does not change from run to run.
    for (name, value) in raw.values.sorted(by: { $0.key < $1.key }) {
      guard let sensor = SensorID(name) else { throw .invalidSensor(name) }
      guard value.isFinite else { throw .notFinite(sensor: name) }
      values.append(.init(sensor: sensor, value: value))
    }
    return Message(
      device: device, position: try position(epoch: raw.epoch, sequence: raw.seq),
      timestamp: try timestamp(raw.ts),
      values: values)
  }

  private struct RawMessage: Decodable {
    var device: String
    var epoch: Int64?
    var seq: Int64?
    var ts: Int64
    var values: [String: Double]
  }

  static func timestamp(_ milliseconds: Int64) throws(PayloadError) -> Timestamp {
    guard (0...latestTimestamp).contains(milliseconds) else { throw .timestampOutOfRange(milliseconds) }
    return Timestamp(milliseconds: milliseconds)
  }

  static func position(epoch: Int64?, sequence: Int64?) throws(PayloadError) -> Message.Position? {
    switch (epoch, sequence) {
    case (nil, nil): return nil
    case (let epoch?, let sequence?) where epoch >= 0 && sequence >= 0:
      return Message.Position(epoch: epoch, sequence: sequence)
    default: throw .negativePosition
    }
  }
}

extension DecodingError {
  /// One sentence for a person, without the decoder's own vocabulary.
  fileprivate var sentence: String {
    func place(_ context: Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "" : " in “\(path)”"
    }
    return switch self {
    case .keyNotFound(let key, _): "“\(key.stringValue)” is missing"
    case .typeMismatch(_, let context): "a value of another type was expected" + place(context)
    case .valueNotFound(_, let context): "a value is missing" + place(context)
    case .dataCorrupted(let context): "it is not valid JSON" + place(context)
    @unknown default: "it is not valid JSON"
    }
  }
}

/// Reads the canonical form without allocating for anything but the result. Gives up (nil) at the first byte that is
/// not of that form; ``PayloadCodec/decodeAnyJSON(_:)`` then decides.
private struct MessageScanner {
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
    while true {
      guard let sensor = identifier().map(SensorID.init(checked:)), skip(":"), let value = number(),
        values.count < PayloadCodec.maximumValues, !values.contains(where: { $0.sensor == sensor })
      else { return nil }
      values.append(.init(sensor: sensor, value: value))
      if skip(",\"") { continue }
      guard skip("}}"), offset == bytes.count else { return nil }
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

  /// Numbers too small or too large for a double, and zeros spelt at length, are left to the other decoder to judge.
  private func slowNumber(_ range: Range<Int>) -> Double? {
    guard let value = Double(String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)),
      value.isFinite, value.isNormal
    else { return nil }
    return value
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
