import Wording

/// An amount of US dollars in whole billionths, so that sums are exact and another program finds the same cent.
package struct Dollars: Hashable, Comparable, Sendable {
  package var billionths: Int64

  /// Digits after the point that are kept.
  package static let digits = 9
  package static let zero = Dollars(billionths: 0)

  package init(billionths: Int64) { self.billionths = billionths }

  /// The amount nearest to `value`, which is finite.
  package init(nearest value: Double) {
    billionths = Int64(exactly: (value * 1e9).rounded()) ?? (value < 0 ? .min : .max)
  }

  package static func < (a: Dollars, b: Dollars) -> Bool { a.billionths < b.billionths }
  package static func - (a: Dollars, b: Dollars) -> Dollars {
    Dollars(billionths: a.billionths - b.billionths)
  }

  /// `self` · `numerator` / `denominator`, rounded once, halves to the even billionth. What is beyond ``billionths`` becomes the
  /// largest amount.
  package func times(_ numerator: Int64, over denominator: Int64) -> Dollars {
    precondition(denominator > 0)
    let product = Int128(billionths) * Int128(numerator)
    var (quotient, rest) = product.quotientAndRemainder(dividingBy: Int128(denominator))
    if rest < 0 {
      quotient -= 1
      rest += Int128(denominator)
    }
    let twice = rest * 2
    if twice > Int128(denominator) || (twice == Int128(denominator) && quotient & 1 == 1) { quotient += 1 }
    return Dollars(billionths: Int64(clamping: quotient))
  }

  /// Why `text` is no amount, in the words of a message.
  package enum TextFault: Error, Hashable {
    case missing, notANumber, negative, tooManyDigits, tooLarge
  }

  /// Reads `0.0961`, `12` or `.5`, without sign and exponent. Throws ``TextFault``.
  package init(text: String) throws(TextFault) {
    guard !text.isEmpty else { throw .missing }
    if text.hasPrefix("-"), DecimalDigits(text.dropFirst()) != nil { throw .negative }
    guard let digits = DecimalDigits(text) else { throw .notANumber }
    guard digits.fraction.count <= Self.digits else { throw .tooManyDigits }
    let padded = digits.fraction + String(repeating: "0", count: Self.digits - digits.fraction.count)
    guard let value = Int64(digits.whole + padded) else { throw .tooLarge }
    self.init(billionths: value)
  }

  /// Exactly, as ``init(text:)`` reads it; at least `decimals` digits after the point.
  package func text(decimals: Int = 0) -> String {
    let magnitude = String(billionths.magnitude)
    let padded = String(repeating: "0", count: max(0, Self.digits + 1 - magnitude.count)) + magnitude
    var fraction = padded.suffix(Self.digits)
    while fraction.count > decimals, fraction.last == "0" { fraction.removeLast() }
    return (billionths < 0 ? "-" : "") + padded.dropLast(Self.digits)
      + (fraction.isEmpty ? "" : "." + fraction)
  }

  /// The nearest double.
  package var value: Double { Double(billionths) / 1e9 }

  /// With `decimals` digits after the point, halves to the even one.
  package func rounded(decimals: Int) -> String {
    let step = (decimals..<Self.digits).reduce(Int64(1)) { step, _ in step * 10 }
    let rounded = Int128(times(1, over: step).billionths) * Int128(step)
    return Dollars(billionths: Int64(clamping: rounded)).text(decimals: decimals)
  }

  /// For sentences, such as `$36.20` or `$0.0124`: cents, and below a dollar two significant digits at least.
  package var sentenceText: String {
    let decimals = billionths.magnitude >= 1_000_000_000 ? 2 : billionths.magnitude >= 10_000_000 ? 4 : 6
    let text = rounded(decimals: decimals)
    return text.hasPrefix("-") ? "-$" + text.dropFirst() : "$" + text
  }
}

/// The digits before and after the point of an unsigned decimal number; zeros at the end of the fraction are left out.
private struct DecimalDigits {
  let whole: String
  let fraction: String

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      parts.contains(where: { !$0.isEmpty })
    else { return nil }
    whole = String(parts[0])
    var fraction = parts.count > 1 ? parts[1][...] : ""
    while fraction.last == "0" { fraction.removeLast() }
    self.fraction = String(fraction)
  }
}
