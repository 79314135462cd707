/// Whole numbers as on paper, to hold the product's own against: a sign, and digits of base 2^32, lowest first.
struct PlainInteger {
  private var digits: [UInt64]
  private var isNegative: Bool

  private init(_ digits: [UInt64], _ isNegative: Bool) {
    self.digits = Array(digits.reversed().drop { $0 == 0 }.reversed())
    self.isNegative = isNegative
  }

  init(_ value: Int) {
    self.init([UInt64(value.magnitude) & 0xFFFF_FFFF, UInt64(value.magnitude) >> 32], value < 0)
  }

  /// A finite double in units of the smallest one.
  init(_ value: Double) {
    let exponent = Int(value.bitPattern >> 52 & 0x7FF)
    let fraction = value.bitPattern & (1 << 52 - 1)
    let significand = exponent == 0 ? fraction : fraction | 1 << 52
    var digits = [UInt64](repeating: 0, count: max(0, exponent - 1) / 32)
    let shift = UInt64(max(0, exponent - 1) % 32)
    let low = (significand & 0xFFFF_FFFF) << shift
    let high = (significand >> 32) << shift + low >> 32
    digits += [low & 0xFFFF_FFFF, high & 0xFFFF_FFFF, high >> 32]
    self.init(digits, value.sign == .minus)
  }

  private static func compare(_ a: [UInt64], _ b: [UInt64]) -> Int {
    if a.count != b.count { return a.count < b.count ? -1 : 1 }
    for place in a.indices.reversed() where a[place] != b[place] { return a[place] < b[place] ? -1 : 1 }
    return 0
  }

  static func + (a: PlainInteger, b: PlainInteger) -> PlainInteger {
    let isSum = a.isNegative == b.isNegative
    let (large, small) = compare(a.digits, b.digits) < 0 ? (b, a) : (a, b)
    var digits = large.digits + [0]
    var carry: Int64 = 0
    for place in digits.indices {
      let other = place < small.digits.count ? Int64(small.digits[place]) : 0
      let digit = Int64(digits[place]) + (isSum ? other : -other) + carry
      digits[place] = UInt64(digit & 0xFFFF_FFFF)
      carry = digit >> 32
    }
    return PlainInteger(digits, large.isNegative)
  }

  static prefix func - (a: PlainInteger) -> PlainInteger { PlainInteger(a.digits, !a.isNegative) }

  static func - (a: PlainInteger, b: PlainInteger) -> PlainInteger { a + -b }

  static func * (a: PlainInteger, b: PlainInteger) -> PlainInteger {
    var digits = [UInt64](repeating: 0, count: a.digits.count + b.digits.count)
    for (i, left) in a.digits.enumerated() where left != 0 {
      var carry: UInt64 = 0
      for (j, right) in b.digits.enumerated() {
        let sum = digits[i + j] + left * right + carry
        digits[i + j] = sum & 0xFFFF_FFFF
        carry = sum >> 32
      }
      digits[i + b.digits.count] = carry
    }
    return PlainInteger(digits, a.isNegative != b.isNegative)
  }

  var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

  var magnitude: PlainInteger { PlainInteger(digits, false) }
}
