import Wording

/// The JSON form of a ``Message``:
/// `{"device":"pump-0007","epoch":1,"seq":4711,"ts":1767225600000,"values":{"temperature":21.37}}`.
///
/// Decoding tries a scanner for exactly this shape first; anything else (white space, escapes, other keys, another
/// order, values that are no numbers) goes through ``JSONText``. Both read the same message from the same bytes.
///
/// A value that cannot be taken costs itself alone. `null` says that a sensor has no reading, and is none.
package enum PayloadCodec {
  /// The largest payload that is read.
  package static let maximumBytes = 64 * 1024
  /// The most sensors of one message.
  package static let maximumValues = 256
  /// 9999-12-31T23:59:59.999Z; later times have no ISO 8601 form of four-digit years.
  package static let latestTimestamp: Int64 = 253_402_300_799_999

  // MARK: - Encoding

  /// Appends the payload of `message` to `buffer`. Numbers are written in the shortest form that reads back equal.
  package static func encode(_ message: Message, into buffer: inout [UInt8]) {
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
  /// ``PayloadError`` where nothing of it can be taken.
  ///
  /// - Parameter refused: Gets the values that cannot be taken, where others can.
  package static func decode(
    _ payload: UnsafeBufferPointer<UInt8>, topicDevice: DeviceID?, refused: inout RefusedValues
  ) throws(PayloadError) -> Message {
    guard payload.count <= maximumBytes else { throw .tooLarge(bytes: payload.count) }
    var scanner = MessageScanner(withoutByteOrderMark(payload))
    let message: Message
    if let scanned = scanner.message(expecting: topicDevice) {
      message = scanned
    } else {
      message = try decodeAnyJSON(payload, refused: &refused)
    }
    if let topicDevice, topicDevice != message.device {
      throw .otherDevice(payload: message.device.name, topic: topicDevice.name)
    }
    return message
  }

  /// The message in `payload` without the values that cannot be taken; see ``decode(_:topicDevice:refused:)``.
  package static func decode(_ payload: UnsafeBufferPointer<UInt8>, topicDevice: DeviceID?)
    throws(PayloadError) -> Message
  {
    var refused = RefusedValues()
    return try decode(payload, topicDevice: topicDevice, refused: &refused)
  }

  /// The messages in `payload`: one of the canonical form, or those of a ``SenML`` pack. Throws ``PayloadError`` where nothing of
  /// it can be taken. Returns the values that cannot, where others can.
  ///
  /// - Parameter received: The wall clock, for the relative times that SenML allows.
  @discardableResult
  package static func decodeAll(
    _ payload: UnsafeBufferPointer<UInt8>, topicDevice: DeviceID?, received: Timestamp,
    _ body: (Message) -> Void
  ) throws(PayloadError) -> RefusedValues {
    var refused = RefusedValues()
    guard SenML.isPack(payload) else {
      body(try decode(payload, topicDevice: topicDevice, refused: &refused))
      return refused
    }
    guard payload.count <= maximumBytes else { throw .tooLarge(bytes: payload.count) }
    guard let topicDevice else { throw .malformed("a SenML pack needs a topic that names its device") }
    for message in try SenML.decode(payload, device: topicDevice, received: received, refused: &refused) {
      body(message)
    }
    return refused
  }

  /// Decodes every way in which JSON can be written, and finds the reason of a refusal. Throws ``PayloadError``.
  package static func decodeAnyJSON(
    _ payload: UnsafeBufferPointer<UInt8>, refused: inout RefusedValues
  ) throws(PayloadError) -> Message {
    guard case .object(let members) = try json(payload) else {
      throw .malformed("a JSON object was expected")
    }
    func member(_ key: String) throws(PayloadError) -> WrittenJSON? {
      let values = members.filter { $0.key == key }
      guard values.count < 2 else { throw .malformed("“\(key)” is there \(values.count) times") }
      guard let value = values.first?.value else { return nil }
      if case .null = value { return nil }
      return value
    }
    func integer(_ key: String, _ meaning: String) throws(PayloadError) -> Int64? {
      guard let value = try member(key) else { return nil }
      guard let integer = value.integer else {
        throw .malformed("“\(key)” is \(value.phrase); \(meaning) was expected")
      }
      return integer
    }
    guard let deviceValue = try member("device") else { throw .malformed("“device” is missing") }
    guard case .text(let name) = deviceValue else {
      throw .malformed("“device” is \(deviceValue.phrase); a text was expected")
    }
    guard let device = DeviceID(name) else { throw .invalidDevice(name) }
    let position = try position(
      epoch: try integer("epoch", "a whole number"), sequence: try integer("seq", "a whole number"))
    guard let milliseconds = try integer("ts", "a whole number of milliseconds since 1970") else {
      throw .malformed("“ts” is missing")
    }
    let timestamp = try timestamp(milliseconds)
    guard let valueMap = try member("values") else { throw .malformed("“values” is missing") }
    guard case .object(let readings) = valueMap else {
      throw .malformed("“values” is \(valueMap.phrase); an object was expected")
    }
    guard readings.count <= maximumValues else { throw .tooManyValues(readings.count) }
    let values = values(readings, &refused)
    guard !values.isEmpty else { throw refused.count == 0 ? .noValues : .noSoundValue(refused) }
    return Message(device: device, position: position, timestamp: timestamp, values: values)
  }

  /// The readings among `members`, by sensor. Of two values of a sensor the first counts.
  private static func values(
    _ members: [(key: String, value: WrittenJSON)], _ refused: inout RefusedValues
  ) -> [Message.Value] {
    var values: [Message.Value] = []
    var named = Set<SensorID>()
    for (name, value) in members {
      if case .null = value { continue }
      guard let sensor = SensorID(name) else {
        refused.add("\(name.quoted) is not a sensor id, \(IdentifierRule.sentence)")
        continue
      }
      guard case .number(let number, _) = value else {
        refused.add("“\(sensor)” is \(value.phrase), which is no number")
        continue
      }
      guard number.isFinite else {
        refused.add("“\(sensor)” is \(value.phrase), which is beyond the range of a double")
        continue
      }
      guard named.insert(sensor).inserted else {
        refused.add("“\(sensor)” is there twice; the first value is taken, \(value.phrase) is not")
        continue
      }
      values.append(.init(sensor: sensor, value: number))
    }
    // A JSON object has no order; by name is an order that does not change from run to run.
    return values.sorted { $0.sensor < $1.sensor }
  }

  /// `payload` as JSON.
  static func json(_ payload: UnsafeBufferPointer<UInt8>) throws(PayloadError) -> WrittenJSON {
    guard String(validating: payload, as: UTF8.self) != nil else { throw .notUTF8 }
    do throws(InvalidJSON) {
      return try JSONText.read(withoutByteOrderMark(payload))
    } catch {
      throw .malformed(error.description)
    }
  }

  /// Why `payload` is no JSON; nil where it is. For readers that go through the bytes by themselves.
  package static func fault(in payload: UnsafeBufferPointer<UInt8>) -> PayloadError? {
    do throws(PayloadError) {
      _ = try json(payload)
      return nil
    } catch {
      return error
    }
  }

  /// `payload` without the mark (EF BB BF) that some tools put before UTF-8.
  package static func withoutByteOrderMark(_ payload: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<
    UInt8
  > {
    guard payload.first == 0xEF, payload.count >= 3, payload[1] == 0xBB, payload[2] == 0xBF else {
      return payload
    }
    return UnsafeBufferPointer(rebasing: payload[3...])
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
