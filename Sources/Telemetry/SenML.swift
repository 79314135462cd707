import Foundation

/// Reads SenML JSON packs (RFC 8428): a list of records whose base fields carry over from one to the next.
///
/// The topic says which device a pack is of. The sensor is what is left of a record's full name (base name and name) without a
/// base name that is the device's, without the device's name and a dot, and without all up to the last `:` or `/`. Records of
/// one time become one message. Values must be numbers or booleans (1 and 0): text, data and sums are no readings.
public enum SenML {
  /// Times below this are relative to the time of receipt (RFC 8428, section 4.5.3).
  static let relativeTimeLimit = 268_435_456.0
  /// The most records of a pack.
  public static let maximumRecords = 4096

  /// Whether `payload` begins like a pack.
  public static func isPack(_ payload: UnsafeBufferPointer<UInt8>) -> Bool {
    let first = payload.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    return first == 0x5B
  }

  private struct Record: Decodable {
    var bn: String?
    var bt: Double?
    var bv: Double?
    var n: String?
    var t: Double?
    var v: Double?
    var vb: Bool?
    var bver: Int?
    /// Present where the record has a value that is no number.
    var otherValue: String?
    /// A field whose name ends in `_` must be understood (section 4.4); none is.
    var mustUnderstand: String?

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      bn = try fields.decodeIfPresent(String.self, forKey: Key("bn"))
      bt = try fields.decodeIfPresent(Double.self, forKey: Key("bt"))
      bv = try fields.decodeIfPresent(Double.self, forKey: Key("bv"))
      n = try fields.decodeIfPresent(String.self, forKey: Key("n"))
      t = try fields.decodeIfPresent(Double.self, forKey: Key("t"))
      v = try fields.decodeIfPresent(Double.self, forKey: Key("v"))
      vb = try fields.decodeIfPresent(Bool.self, forKey: Key("vb"))
      bver = try fields.decodeIfPresent(Int.self, forKey: Key("bver"))
      otherValue = ["vs", "vd", "s", "bs"].first { fields.contains(Key($0)) }
      mustUnderstand = fields.allKeys.map(\.stringValue).filter { $0.hasSuffix("_") }.min()
    }
  }

  /// The messages of a pack, in order of time. Throws ``PayloadError``; a pack is taken whole or not at all.
  ///
  /// - Parameters:
  ///   - device: The device that the topic names.
  ///   - received: The wall clock, for relative times.
  static func decode(_ payload: UnsafeBufferPointer<UInt8>, device: DeviceID, received: Timestamp)
    throws(PayloadError)
    -> [Message]
  {
    guard String(validating: payload, as: UTF8.self) != nil else { throw .notUTF8 }
    let records: [Record]
    do {
      records = try JSONDecoder().decode([Record].self, from: Data(payload))
    } catch {
      throw .malformed("it is not SenML")
    }
    guard records.count <= maximumRecords else { throw .tooManyValues(records.count) }
    var baseName = ""
    var baseTime = 0.0
    var baseValue: Double?
    var values: [Timestamp: [Message.Value]] = [:]
    for record in records {
      if let version = record.bver, version > 10 { throw .malformed("SenML version \(version) is not known") }
      if let field = record.mustUnderstand { throw .malformed("the SenML field “\(field)” is not known") }
      baseName = record.bn ?? baseName
      baseTime = record.bt ?? baseTime
      baseValue = record.bv ?? baseValue
      if let field = record.otherValue {
        throw .malformed("the SenML field “\(field)” is no reading; only v and vb are")
      }
      // A record with base fields alone sets them for those that follow.
      guard record.v != nil || record.vb != nil || (record.bv != nil && record.n != nil) else { continue }
      let number = record.vb.map { $0 ? 1.0 : 0.0 } ?? ((record.v ?? 0) + (baseValue ?? 0))
      let sensor = try sensor(baseName, record.n ?? "", device)
      guard number.isFinite else { throw .notFinite(sensor: sensor.name) }
      let time = try instant(baseTime + (record.t ?? 0), received)
      guard values[time]?.contains(where: { $0.sensor == sensor }) != true else {
        throw .malformed("the SenML pack has two values of “\(sensor)” for one time")
      }
      values[time, default: []].append(.init(sensor: sensor, value: number))
    }
    guard !values.isEmpty else { throw .noValues }
    var messages: [Message] = []
    for (time, readings) in values.sorted(by: { $0.key < $1.key }) {
      guard readings.count <= PayloadCodec.maximumValues else { throw .tooManyValues(readings.count) }
      messages.append(
        Message(
          device: device, position: nil, timestamp: time, values: readings.sorted { $0.sensor < $1.sensor }))
    }
    return messages
  }

  private static func sensor(_ baseName: String, _ name: String, _ device: DeviceID) throws(PayloadError)
    -> SensorID
  {
    let isOfDevice =
      baseName == device.name || (baseName.dropLast() == device.name && ":/.-_".contains(baseName.last!))
    var rest = (isOfDevice ? name : baseName + name)[...]
    if rest.hasPrefix(device.name + ".") { rest = rest.dropFirst(device.name.count + 1) }
    if let separator = rest.lastIndex(where: { $0 == ":" || $0 == "/" }) {
      rest = rest[rest.index(after: separator)...]
    }
    guard let sensor = SensorID(rest) else { throw .invalidSensor(baseName + name) }
    return sensor
  }

  private static func instant(_ seconds: Double, _ received: Timestamp) throws(PayloadError) -> Timestamp {
    let absolute = seconds < relativeTimeLimit ? Double(received.milliseconds) / 1000 + seconds : seconds
    let milliseconds = (absolute * 1000).rounded()
    guard abs(milliseconds) < 9e15 else { throw .timestampOutOfRange(milliseconds < 0 ? .min : .max) }
    return try PayloadCodec.timestamp(Int64(milliseconds))
  }
}
