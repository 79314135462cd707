import Wording

/// Reads SenML JSON packs (RFC 8428): a list of records whose base fields carry over from one to the next.
///
/// Each record stands for itself: what is no reading (a text, data, a sum, a record without a value) and what cannot be taken
/// is told, and the other records are readings. Records of one time become one message. Numbers and booleans (1 and 0) are
/// readings; a record without a value of its own has the base value, where there is one (section 4.5).
package enum SenML {
  /// Times below this are relative to the time of receipt (RFC 8428, section 4.5.3).
  static let relativeTimeLimit = 268_435_456.0
  /// The most records of a pack.
  package static let maximumRecords = 4096
  /// The version of RFC 8428; packs of a later one may mean something else.
  static let knownVersion: Int64 = 10

  /// Whether `payload` begins like a pack.
  package static func isPack(_ payload: UnsafeBufferPointer<UInt8>) -> Bool {
    if payload.first == 0x7B { return false }
    let first = PayloadCodec.withoutByteOrderMark(payload)
      .first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    return first == 0x5B
  }

  /// A record that is a reading, with all that the base fields add.
  private struct Reading {
    /// The place of the record in the pack, from 1.
    var place: Int
    var sensor: SensorID
    var unit: String?
    var time: Timestamp
    var value: Double
  }

  /// The messages of a pack, in order of time. Throws ``PayloadError`` where nothing of it can be taken, or where a base field
  /// cannot be read, on which the records after it would rest.
  ///
  /// - Parameters:
  ///   - device: The device that the topic names.
  ///   - received: The wall clock, for relative times.
  ///   - refused: Gets the values that are no readings, or cannot be taken, where others can.
  static func decode(
    _ payload: UnsafeBufferPointer<UInt8>, device: DeviceID, received: Timestamp,
    refused: inout RefusedValues
  ) throws(PayloadError) -> [Message] {
    guard case .array(let records) = try PayloadCodec.json(payload) else {
      throw .malformed("a list of SenML records was expected")
    }
    guard records.count <= maximumRecords else { throw .tooManyValues(records.count) }
    var base = Base()
    var readings: [Reading] = []
    for (index, record) in records.enumerated() {
      guard case .object(let members) = record else {
        refused.add("record \(index + 1) is \(record.phrase), which is no SenML record")
        continue
      }
      let fields = try SenMLRecord(members, place: index + 1)
      try base.take(fields)
      guard !fields.hasBaseFieldsAlone else { continue }
      if let reading = Self.reading(fields, base, device, received, &refused) { readings.append(reading) }
    }
    let messages = messages(tellUnitsApart(readings, &refused), of: device, &refused)
    guard !messages.isEmpty else { throw refused.count == 0 ? .noValues : .noSoundValue(refused) }
    return messages
  }

  /// What the records so far say about those that follow.
  private struct Base {
    var name = ""
    var time = 0.0
    var unit: String?
    var value: Double?

    mutating func take(_ record: SenMLRecord) throws(PayloadError) {
      if let version = try record.baseNumber("bver"), version > Double(knownVersion) {
        throw .malformed("SenML version \(version) is not known")
      }
      name = try record.baseText("bn") ?? name
      time = try record.baseNumber("bt") ?? time
      unit = try record.baseText("bu") ?? unit
      value = try record.baseNumber("bv") ?? value
    }
  }

  /// The reading that a record is, if it is one.
  private static func reading(
    _ record: SenMLRecord, _ base: Base, _ device: DeviceID, _ received: Timestamp,
    _ refused: inout RefusedValues
  ) -> Reading? {
    let ownName = record.text("n")
    let name = base.name + (ownName ?? "")
    let label = "record \(record.place) (\(name.quoted))"
    func refuse(_ reason: String) -> Reading? {
      refused.add("\(label) \(reason)")
      return nil
    }
    if let repeated = record.repeated { return refuse("has the field \(repeated.quoted) twice") }
    if record.has("s") { refused.add("\(label) has a sum, which is no reading") }
    let kinds = record.valueFields
    guard kinds.count <= 1 else {
      return refuse("has \(kinds.joined(separator: " and ")), and may have one value")
    }
    var number = base.value ?? 0
    switch kinds.first {
    case nil:
      // `"v":null` says that there is no reading; a record with a sum alone is told above.
      if record.saysNull || (record.has("s") && base.value == nil) { return nil }
      guard base.value != nil else { return refuse("has no value") }
    case "v":
      guard case .number(let own, let digits)? = record["v"] else {
        return refuse("has the value \(record["v"]?.phrase ?? "null"), which is no number")
      }
      guard own.isFinite else {
        return refuse("has the value \(digits.prefix(80)), which is beyond the range of a double")
      }
      number += own
    case "vb":
      guard case .bool(let isTrue)? = record["vb"] else { return refuse("has a “vb” that is no boolean") }
      number = isTrue ? 1 : 0
    case let kind?: return refuse("has \(kind == "vd" ? "data" : "a text"), which is no reading")
    }
    guard number.isFinite else { return refuse("has a value beyond the range of a double") }
    guard ownName != nil || !record.has("n") else { return refuse("has a name that is no text") }
    guard let sensor = sensor(base.name, ownName ?? "", device) else {
      return refuse("is not named as a sensor id, \(IdentifierRule.sentence)")
    }
    guard !record.has("u") || record.text("u") != nil else { return refuse("has a unit that is no text") }
    guard let seconds = record.has("t") ? record.number("t") : 0 else {
      return refuse("has a time that is no number")
    }
    guard let time = instant(base.time + seconds, received) else {
      return refuse("has a time outside the years 1970 to 9999")
    }
    return Reading(
      place: record.place, sensor: sensor, unit: record.text("u") ?? base.unit, time: time, value: number)
  }

  /// The sensor that a record is of: what is left of its full name without a base name that is the device's, without the
  /// device's name and a dot, and without all up to the last `:` or `/`.
  private static func sensor(_ baseName: String, _ name: String, _ device: DeviceID) -> SensorID? {
    let isOfDevice =
      baseName == device.name || (baseName.dropLast() == device.name && ":/.-_".contains(baseName.last!))
    var rest = (isOfDevice ? name : baseName + name)[...]
    if rest.hasPrefix(device.name + ".") { rest = rest.dropFirst(device.name.count + 1) }
    if let separator = rest.lastIndex(where: { $0 == ":" || $0 == "/" }) {
      rest = rest[rest.index(after: separator)...]
    }
    return SensorID(rest)
  }

  private static func instant(_ seconds: Double, _ received: Timestamp) -> Timestamp? {
    let absolute = seconds < relativeTimeLimit ? Double(received.milliseconds) / 1000 + seconds : seconds
    let milliseconds = (absolute * 1000).rounded()
    guard milliseconds >= 0, milliseconds <= Double(PayloadCodec.latestTimestamp) else { return nil }
    return Timestamp(milliseconds: Int64(milliseconds))
  }

  /// Where one name of the pack has several units, as a position has `lat` and `lon`, these are several sensors: each gets its
  /// unit behind a dot, with `_` for what an id may not have.
  private static func tellUnitsApart(_ readings: [Reading], _ refused: inout RefusedValues) -> [Reading] {
    var units: [SensorID: Set<String>] = [:]
    for reading in readings { if let unit = reading.unit { units[reading.sensor, default: []].insert(unit) } }
    guard units.values.contains(where: { $0.count > 1 }) else { return readings }
    var named: [Reading] = []
    for var reading in readings {
      if let unit = reading.unit, let all = units[reading.sensor], all.count > 1 {
        let suffix = String(
          String.UnicodeScalarView(unit.unicodeScalars.map { IdentifierRule.allows($0) ? $0 : "_" }))
        guard let sensor = SensorID("\(reading.sensor).\(suffix)") else {
          refused.add(
            "record \(reading.place) is one of several units of “\(reading.sensor)”, and with its unit "
              + "\(unit.quoted) the name is no sensor id, \(IdentifierRule.sentence)")
          continue
        }
        reading.sensor = sensor
      }
      named.append(reading)
    }
    return named
  }

  /// One message an instant, in order of time. Of two values of one sensor and time the first counts.
  private static func messages(
    _ readings: [Reading], of device: DeviceID, _ refused: inout RefusedValues
  ) -> [Message] {
    var values: [Timestamp: [SensorID: Double]] = [:]
    for reading in readings {
      guard values[reading.time]?[reading.sensor] == nil else {
        refused.add("record \(reading.place) is a second value of “\(reading.sensor)” for one time")
        continue
      }
      guard values[reading.time, default: [:]].count < PayloadCodec.maximumValues else {
        refused.add("record \(reading.place) is beyond the \(PayloadCodec.maximumValues) values of one time")
        continue
      }
      values[reading.time, default: [:]][reading.sensor] = reading.value
    }
    return values.sorted { $0.key < $1.key }.map { time, values in
      Message(
        device: device, position: nil, timestamp: time,
        values: values.sorted { $0.key < $1.key }.map { Message.Value(sensor: $0.key, value: $0.value) })
    }
  }
}
