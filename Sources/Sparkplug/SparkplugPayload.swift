/// A metric as it stands in a payload. Names point into the payload's bytes.
struct WireMetric {
  var name: UnsafeBufferPointer<UInt8>?
  var alias: UInt64?
  /// Milliseconds since 1970 UTC.
  var timestamp: UInt64?
  /// 0 where it says none.
  var datatype: UInt32 = 0
  var isHistorical = false
  var isNull = false
  var value = WireValue()
  /// Of the property “Quality”, where it has one.
  var quality: Int64?

  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(WireFault) {
    var reader = WireReader(bytes)
    while try reader.next() {
      switch (reader.field, reader.type) {
      case (1, .bytes): name = try reader.bytes()
      case (2, .varint): alias = try reader.varint()
      case (3, .varint): timestamp = try reader.varint()
      case (4, .varint): datatype = UInt32(truncatingIfNeeded: try reader.varint())
      case (5, .varint): isHistorical = try reader.varint() != 0
      case (7, .varint): isNull = try reader.varint() != 0
      case (9, .bytes): quality = try Self.quality(try reader.bytes()) ?? quality
      case (10, .varint):
        value = WireValue(field: .int, bits: UInt64(UInt32(truncatingIfNeeded: try reader.varint())))
      case (11, .varint): value = WireValue(field: .long, bits: try reader.varint())
      case (12, .fixed32): value = WireValue(field: .float, bits: UInt64(try reader.fixed32()))
      case (13, .fixed64): value = WireValue(field: .double, bits: try reader.fixed64())
      case (14, .varint): value = WireValue(field: .boolean, bits: try reader.varint() == 0 ? 0 : 1)
      case (15...19, .bytes):
        _ = try reader.bytes()
        value = WireValue(field: WireValue.Field(rawValue: reader.field) ?? .none)
      default: try reader.skip()
      }
    }
    // Some write a name that is empty for none.
    if alias != nil, name?.isEmpty ?? false { name = nil }
  }

  /// The name of the property that says how far a value is to be trusted.
  private static let qualityKey = Array("Quality".utf8)

  /// A set of properties is a list of names, and one of values in the same order.
  private static func quality(_ bytes: UnsafeBufferPointer<UInt8>) throws(WireFault) -> Int64? {
    var reader = WireReader(bytes)
    var place: Int?
    var names = 0
    while try reader.next() {
      guard reader.field == 1, reader.type == .bytes else {
        try reader.skip()
        continue
      }
      if try reader.bytes().elementsEqual(qualityKey), place == nil { place = names }
      names += 1
    }
    guard var before = place else { return nil }
    reader = WireReader(bytes)
    while try reader.next() {
      guard reader.field == 2, reader.type == .bytes else {
        try reader.skip()
        continue
      }
      let value = try reader.bytes()
      if before == 0 { return try number(ofProperty: value) }
      before -= 1
    }
    return nil
  }

  private static func number(ofProperty bytes: UnsafeBufferPointer<UInt8>) throws(WireFault) -> Int64? {
    var reader = WireReader(bytes)
    var number: Int64?
    while try reader.next() {
      switch (reader.field, reader.type) {
      case (3, .varint): number = Int64(Int32(truncatingIfNeeded: try reader.varint()))
      case (4, .varint): number = Int64(bitPattern: try reader.varint())
      default: try reader.skip()
      }
    }
    return number
  }
}

/// What a payload says beside its metrics, and where those stand.
struct WirePayload {
  /// Milliseconds since 1970 UTC.
  var timestamp: UInt64?
  var sequence: UInt64?
  /// Whether what it says stands in bytes of its own, which are compressed.
  private(set) var isCompressed = false
  private(set) var metricCount = 0
  private let bytes: UnsafeBufferPointer<UInt8>

  /// What the field for a schema says of a payload that is compressed.
  private static let compressed = Array("SPBV1.0_COMPRESSED".utf8)

  /// Reads all of it but the insides of its metrics.
  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(WireFault) {
    self.bytes = bytes
    var reader = WireReader(bytes)
    while try reader.next() {
      switch (reader.field, reader.type) {
      case (1, .varint): timestamp = try reader.varint()
      case (2, .bytes):
        _ = try reader.bytes()
        metricCount += 1
      case (3, .varint): sequence = try reader.varint()
      case (4, .bytes): isCompressed = try reader.bytes().elementsEqual(Self.compressed)
      default: try reader.skip()
      }
    }
    guard metricCount <= SparkplugLimits.maximumMetrics else {
      throw WireFault(
        reason: "it has \(metricCount) metrics; at most \(SparkplugLimits.maximumMetrics) are read")
    }
  }

  /// The metrics, in their order. All are read before the first is used: of a payload that is broken somewhere nothing counts.
  func metrics() throws(WireFault) -> [WireMetric] {
    var metrics: [WireMetric] = []
    metrics.reserveCapacity(metricCount)
    var reader = WireReader(bytes)
    while try reader.next() {
      if reader.field == 2, reader.type == .bytes {
        metrics.append(try WireMetric(try reader.bytes()))
      } else {
        try reader.skip()
      }
    }
    return metrics
  }
}
