/// The types of metrics (Sparkplug 3.0, section 6.4.16), by their numbers on the wire.
package enum MetricType: UInt32, CaseIterable, Hashable, Sendable {
  case int8 = 1
  case int16, int32, int64
  case uint8, uint16, uint32, uint64
  case float, double, boolean, string, dateTime, text, uuid, dataSet, bytes, file, template
  case propertySet, propertySetList
  case int8Array, int16Array, int32Array, int64Array
  case uint8Array, uint16Array, uint32Array, uint64Array
  case floatArray, doubleArray, booleanArray, stringArray, dateTimeArray

  /// What a value of it is called in a sentence, after “which is”.
  package var phrase: String {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: "a whole number"
    case .float, .double: "a number"
    case .boolean: "a boolean"
    case .string, .text, .uuid: "a text"
    case .dateTime: "a time"
    case .dataSet: "a data set"
    case .bytes: "bytes"
    case .file: "a file"
    case .template: "a template"
    case .propertySet, .propertySetList: "a set of properties"
    default: "an array"
    }
  }

  /// Bits of a whole number; 0 for what is none.
  var bits: Int {
    switch self {
    case .int8, .uint8: 8
    case .int16, .uint16: 16
    case .int32, .uint32: 32
    case .int64, .uint64, .dateTime: 64
    default: 0
    }
  }

  var isSigned: Bool { rawValue <= Self.int64.rawValue }
}

/// The value of a metric as it stands in a payload: which of the fields it was written into, and its bits.
struct WireValue: Hashable, Sendable {
  enum Field: UInt32, Sendable {
    case none = 0
    case int = 10
    case long, float, double, boolean, string, bytes, dataSet, template, `extension`
  }

  var field = Field.none
  /// Of texts, bytes and what is made of several values: 0.
  var bits: UInt64 = 0

  /// Why a value is no reading.
  enum Refusal: Hashable, Sendable {
    case isNone(MetricType)
    case typeUnknown
    case outOfRange(MetricType)
    case wrongField(MetricType, Field)
    case notFinite
    case noValue
  }

  /// The number that the value is as a metric of `type`; nil where nothing says of which it is.
  ///
  /// Whole numbers below zero come as two's complement of 8, 16, 32 or 64 bits, as different implementations have it, in either of
  /// the two fields for whole numbers. The field of 32 bits has no room for the sign of an `Int64`, which belongs into the other: what is there
  /// is taken without a sign, as encoders write it that shorten small numbers. Those beyond 2^53 become the nearest double. A boolean is 1 or 0, and a time the
  /// milliseconds since 1970.
  func number(_ type: MetricType?) -> Result<Double, Refusal> {
    guard field != .none else { return .failure(.noValue) }
    guard let type = type ?? selfDescribed else { return .failure(.typeUnknown) }
    switch type {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .dateTime:
      guard field == .int || field == .long else { return .failure(.wrongField(type, field)) }
      return whole(type)
    case .float, .double:
      let number: Double
      switch field {
      case .float: number = Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case .double: number = Double(bitPattern: bits)
      default: return .failure(.wrongField(type, field))
      }
      return number.isFinite ? .success(number) : .failure(.notFinite)
    case .boolean:
      guard field == .boolean else { return .failure(.wrongField(type, field)) }
      return .success(bits == 0 ? 0 : 1)
    default: return .failure(.isNone(type))
    }
  }

  private func whole(_ type: MetricType) -> Result<Double, Refusal> {
    let width = type.bits
    guard type.isSigned else {
      guard width == 64 || bits >> UInt64(width) == 0 else { return .failure(.outOfRange(type)) }
      return .success(Double(bits))
    }
    if width == 64 { return .success(Double(Int64(bitPattern: bits))) }
    // Sign-extended to the width of the field, or not.
    let full = field == .int ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
    let shift = Int64(64 - width)
    let cut = (Int64(bitPattern: bits) << shift) >> shift
    guard cut == full || bits >> UInt64(width) == 0 else { return .failure(.outOfRange(type)) }
    return .success(Double(cut))
  }

  /// What a value without a type can only be.
  private var selfDescribed: MetricType? {
    switch field {
    case .float: .float
    case .double: .double
    case .boolean: .boolean
    case .string: .string
    case .bytes: .bytes
    case .dataSet: .dataSet
    case .template: .template
    case .none, .int, .long, .extension: nil
    }
  }
}

extension WireValue.Refusal: Error {
  /// After the name of the metric.
  var sentence: String {
    switch self {
    case .isNone(let type): "is \(type.phrase), which is no reading"
    case .typeUnknown: "has no type, and its birth was not seen"
    case .outOfRange(let type): "is beyond the range of its type, \(type)"
    case .wrongField(let type, let field):
      "is said to be of type \(type), and its value is written as \(field)"
    case .notFinite: "is not a finite number"
    case .noValue: "has no value"
    }
  }
}
