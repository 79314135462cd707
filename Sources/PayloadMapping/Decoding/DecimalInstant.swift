import Telemetry

/// Instants that are decimal numbers, exactly: a double has no room for nanoseconds since 1970.
enum DecimalInstant {
  /// The number `text`, such as `1767225600.25` or `1.7e12`, times ten to the power of `shift`; nil where it is no number from 0, or is
  /// beyond 64 bits.
  ///
  /// - Parameter mayCut: Whether what is behind the decimal point is cut; else there must be nothing but zeros.
  static func floor(_ text: UnsafeBufferPointer<UInt8>, shift: Int, mayCut: Bool) -> Int64? {
    // As many digits as nanoseconds since 1970 have.
    if text.count <= 19, !text.isEmpty, text.allSatisfy(isDigit) {
      var value: UInt64 = 0
      for byte in text { value = value &* 10 &+ UInt64(byte - 0x30) }
      if shift < 0 {
        for _ in shift..<0 { value /= 10 }
        return Int64(exactly: value)
      }
      return Int64(exactly: value).flatMap { tenfold($0, times: shift) }
    }
    // Rare: a fraction, an exponent, or many digits.
    var digits: [UInt8] = []
    var exponent = shift
    var pointPlace: Int?
    var offset = 0
    while offset < text.count {
      if isDigit(text[offset]) {
        digits.append(text[offset] - 0x30)
        if pointPlace != nil { exponent -= 1 }
      } else if text[offset] == 0x2E, pointPlace == nil, !digits.isEmpty {
        pointPlace = digits.count
      } else {
        break
      }
      offset += 1
    }
    guard !digits.isEmpty, pointPlace != digits.count, digits.count <= mostDigits else { return nil }
    if offset < text.count {
      let power = String(decoding: UnsafeBufferPointer(rebasing: text[(offset + 1)...]), as: UTF8.self)
      // A payload may write the least power of 64 bits, of which there is no absolute value.
      guard text[offset] | 0x20 == 0x65, let power = Int(power), power.magnitude <= UInt(mostDigits) else {
        return nil
      }
      exponent += power
    }
    if exponent < 0 {
      let cut = digits.suffix(-exponent)
      guard mayCut || cut.allSatisfy({ $0 == 0 }) else { return nil }
      digits.removeLast(cut.count)
    }
    var value: Int64 = 0
    for digit in digits {
      let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isBeyond) = tenfold.addingReportingOverflow(Int64(digit))
      guard !isTooLarge, !isBeyond else { return nil }
      value = sum
    }
    return tenfold(value, times: exponent)
  }

  /// The most digits that are looked at; nobody writes as many.
  private static let mostDigits = 400

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func tenfold(_ value: Int64, times: Int) -> Int64? {
    var value = value
    if value == 0 { return 0 }
    for _ in 0..<max(0, times) {
      let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      guard !isTooLarge else { return nil }
      value = tenfold
    }
    return value
  }
}

extension MappedTime.Unit {
  /// How many places the decimal point moves to make milliseconds of it; nil for what is no number.
  var shift: Int? {
    switch self {
    case .seconds: 3
    case .milliseconds: 0
    case .microseconds: -3
    case .nanoseconds: -6
    case .iso8601, .auto: nil
    }
  }

  var name: String {
    switch self {
    case .seconds: "seconds"
    case .milliseconds: "milliseconds"
    case .microseconds: "microseconds"
    case .nanoseconds: "nanoseconds"
    case .iso8601, .auto: "a date"
    }
  }
}

extension MappedTime {
  /// From 2000 to 2100: the instants of which a number tells its unit.
  private static let plausible: Range<Int64> = 946_684_800_000..<4_102_444_800_000

  /// The instant that a whole number from 0 is, of the units that devices mostly have; nil where the text has to be looked at.
  func instant(_ whole: Int64) -> Timestamp? {
    let perUnit: Int64 =
      switch unit {
      case .seconds: 1000
      case .milliseconds: 1
      case .microseconds, .nanoseconds, .iso8601, .auto: 0
      }
    guard perUnit > 0, whole <= PayloadCodec.latestTimestamp / perUnit else { return nil }
    return Timestamp(milliseconds: whole * perUnit)
  }

  /// The instant that `text` is; nil where it is none, or not of the years 1970 to 9999.
  ///
  /// - Parameter isText: Whether the payload has it as a text; else as a number.
  func instant(_ text: UnsafeBufferPointer<UInt8>, isText: Bool) -> Timestamp? {
    var milliseconds: Int64?
    switch unit {
    case .iso8601:
      guard isText else { return nil }
      milliseconds = Timestamp(iso8601: text, minutesAhead: zone.minutes)?.milliseconds
    case .auto:
      for unit in [Unit.seconds, .milliseconds, .microseconds, .nanoseconds] {
        guard let instant = Self.floor(text, unit), Self.plausible.contains(instant) else { continue }
        milliseconds = instant
        break
      }
      if milliseconds == nil, isText {
        milliseconds = Timestamp(iso8601: text, minutesAhead: zone.minutes)?.milliseconds
      }
    default: milliseconds = Self.floor(text, unit)
    }
    guard let milliseconds, milliseconds >= 0, milliseconds <= PayloadCodec.latestTimestamp else {
      return nil
    }
    return Timestamp(milliseconds: milliseconds)
  }

  private static func floor(_ text: UnsafeBufferPointer<UInt8>, _ unit: Unit) -> Int64? {
    unit.shift.flatMap { DecimalInstant.floor(text, shift: $0, mayCut: true) }
  }

  /// What a time is to be, in a sentence.
  var expectation: String {
    switch unit {
    case .iso8601:
      "an ISO 8601 time such as \(Timestamp.forms), of the years 1970 to 9999 and without leap seconds,"
    case .auto:
      "an ISO 8601 time of the years 1970 to 9999, without leap seconds, or a number since 1970 that is an instant from 2000 to 2100"
    default: "a number of \(unit.name) since 1970, of the years 1970 to 9999,"
    }
  }
}
