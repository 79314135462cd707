/// Sine, logarithm and exponential from additions, multiplications and divisions alone, in a fixed order. The C library's differ in
/// the last bit between versions and CPUs, and a plan must be the same bytes wherever it is made.
enum PortableMath {
  /// sin(2π·`turns`), within about 2e-16: reduced to an eighth of a turn around the nearest quarter, then Taylor's
  /// series, whose first omitted term is below 1e-17 there.
  static func sine(turns: Double) -> Double {
    let fraction = turns - turns.rounded(.down)
    let quarter = (fraction * 4).rounded()
    let x = (fraction - quarter / 4) * (2 * Double.pi)
    switch Int(quarter) & 3 {
    case 0: return sineSeries(x)
    case 1: return cosineSeries(x)
    case 2: return -sineSeries(x)
    default: return -cosineSeries(x)
    }
  }

  /// The natural logarithm of `x` > 0: 2·artanh((m − 1)/(m + 1)) + e·ln 2 with x = m·2^e and m around 1.
  static func log(_ x: Double) -> Double {
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa > 2.0.squareRoot() {
      mantissa /= 2
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var sum = 0.0
    for power in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(power) }
    return 2 * s * sum + exponent * 0.693147180559945309417
  }

  /// e^`x`: 2^n · e^r with |r| at most ln 2 / 2, and Taylor's series, whose first omitted term is below 1e-17 there.
  static func exp(_ x: Double) -> Double {
    guard x > -745 else { return 0 }
    guard x < 709 else { return .infinity }
    let exponent = (x * 1.442695040888963407).rounded()
    // ln 2 in two parts, the first of few bits, so that its product with the exponent is exact.
    let r = (x - exponent * 0x1.62e42fee00000p-1) - exponent * 0x1.a39ef35793c76p-33
    var sum = 1.0
    for k in stride(from: 14, through: 1, by: -1) { sum = 1 + r / Double(k) * sum }
    return Double(sign: .plus, exponent: Int(exponent), significand: sum)
  }

  private static func sineSeries(_ x: Double) -> Double {
    let square = x * x
    var sum = 1.0
    for k in stride(from: 15, through: 3, by: -2) { sum = 1 - square / Double(k * (k - 1)) * sum }
    return x * sum
  }

  private static func cosineSeries(_ x: Double) -> Double {
    let square = x * x
    var sum = 1.0
    for k in stride(from: 16, through: 2, by: -2) { sum = 1 - square / Double(k * (k - 1)) * sum }
    return sum
  }
}
