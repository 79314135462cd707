/// The data types of tensors in the Open Inference Protocol that rows can come in.
enum TensorType: String, CaseIterable, Hashable, Sendable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case fp16 = "FP16"
  case fp32 = "FP32"
  case fp64 = "FP64"
  case bytes = "BYTES"

  /// Bytes an element in a binary tensor; nil where elements have lengths of their own.
  var byteCount: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .bytes: nil
    }
  }

  /// `value`, which was written as a decimal, as an element of this type holds it; nil where none does.
  func holding(_ value: Double) -> Double? {
    func whole(_ range: ClosedRange<Double>) -> Double? {
      value == value.rounded(.towardZero) && range.contains(value) ? value : nil
    }
    switch self {
    case .fp64: return value
    case .fp32: return Self.finite(Double(Float(value)))
    case .fp16: return Self.finite(Double(HalfPrecision.rounded(value)))
    case .uint8: return whole(0...255)
    case .uint16: return whole(0...65_535)
    case .uint32: return whole(0...4_294_967_295)
    case .uint64: return whole(0...18_446_744_073_709_551_615)
    case .int8: return whole(-128...127)
    case .int16: return whole(-32_768...32_767)
    case .int32: return whole(-2_147_483_648...2_147_483_647)
    case .int64: return whole(-9_223_372_036_854_775_808...9_223_372_036_854_775_807)
    case .bool: return value == 0 || value == 1 ? value : nil
    case .bytes: return nil
    }
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

/// Numbers of 16 bits (IEEE 754 binary16), which Swift has no portable type for.
enum HalfPrecision {
  /// The number that `bits` stand for.
  static func value(of bits: UInt16) -> Double {
    let sign: Double = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 0x1F: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }

  /// The nearest number of 16 bits, ties to even; infinite beyond the largest, 65,504.
  static func rounded(_ value: Double) -> Double {
    guard value.isFinite, value != 0 else { return value }
    // Eleven bits, or fewer where the number is subnormal.
    let unit = Double(sign: .plus, exponent: max(value.exponent, -14) - 10, significand: 1)
    let result = (value / unit).rounded(.toNearestOrEven) * unit
    return abs(result) > 65_504 ? (value < 0 ? -.infinity : .infinity) : result
  }
}
