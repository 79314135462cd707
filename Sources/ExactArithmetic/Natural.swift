/// A whole number of any size that is not negative.
///
/// It exists for sums that must not round: what is added stays in it to the last bit, in whatever order. Results are
/// rounded once, by `Double.nearestQuotient` and `Double.nearestRoot`.
package struct Natural: Sendable {
  /// Base 2^64, lowest first. There may be zeros at the end.
  private(set) var limbs: [UInt64]

  /// The number `value`.
  package init(_ value: UInt128) {
    limbs = [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)]
  }

  /// `value` is not negative.
  package init(_ value: Int) { self.init(UInt128(value)) }

  private init(limbs: [UInt64]) { self.limbs = limbs }

  /// Zero, with room for a number of so many bits.
  package init(zeroWithRoomForBits bits: Int) { limbs = [UInt64](repeating: 0, count: bits / 64 + 1) }

  /// Whether the number is 0.
  package var isZero: Bool { limbs.allSatisfy { $0 == 0 } }

  /// How many bits it takes to write the number; 0 of zero.
  package var bitWidth: Int {
    for place in limbs.indices.reversed() where limbs[place] != 0 {
      return 64 * (place + 1) - limbs[place].leadingZeroBitCount
    }
    return 0
  }

  /// Adds `value` · 2^`shift`.
  @inline(__always)
  package mutating func add(_ value: UInt128, shiftedBy shift: Int) {
    let offset = UInt128(truncatingIfNeeded: shift & 63)
    let low = value &<< offset
    // In two steps, because an offset of 0 would be a shift by 128 places, which is one by none.
    let high = UInt64(truncatingIfNeeded: (value &>> 1) &>> (127 - offset))
    var place = shift >> 6
    while limbs.count < place + 3 { limbs.append(0) }
    var carry = limbs[place].add(UInt64(truncatingIfNeeded: low), false)
    carry = limbs[place + 1].add(UInt64(truncatingIfNeeded: low &>> 64), carry)
    carry = limbs[place + 2].add(high, carry)
    place += 3
    while carry {
      if place == limbs.count { limbs.append(0) }
      carry = limbs[place].add(0, true)
      place += 1
    }
  }

  /// The sum.
  package static func + (a: Natural, b: Natural) -> Natural {
    var sum = a
    for (place, limb) in b.limbs.enumerated() where limb != 0 {
      sum.add(UInt128(limb), shiftedBy: 64 * place)
    }
    return sum
  }

  /// The product.
  package static func * (a: Natural, b: Natural) -> Natural {
    let (a, b) = (a.significantLimbs, b.significantLimbs)
    var product = [UInt64](repeating: 0, count: a.count + b.count)
    for i in a.indices {
      var carry: UInt64 = 0
      for j in b.indices {
        // At most (2^64 − 1)² + 2 · (2^64 − 1), which is 2^128 − 1.
        let sum = UInt128(a[i]) &* UInt128(b[j]) &+ UInt128(product[i + j]) &+ UInt128(carry)
        product[i + j] = UInt64(truncatingIfNeeded: sum)
        carry = UInt64(truncatingIfNeeded: sum &>> 64)
      }
      product[i + b.count] = carry
    }
    return Natural(limbs: product)
  }

  /// The size of `a` − `b`, and whether `b` is the larger one.
  package static func difference(_ a: Natural, _ b: Natural) -> (size: Natural, isNegative: Bool) {
    let isNegative = a < b
    var large = isNegative ? b : a
    large.subtract(isNegative ? a : b)
    return (large, isNegative)
  }

  /// The limbs without zeros at the end.
  private var significantLimbs: ArraySlice<UInt64> { limbs[..<((bitWidth + 63) / 64)] }

  /// Takes away `other`, which is not larger.
  private mutating func subtract(_ other: Natural) {
    var borrow = false
    for place in limbs.indices {
      let taken = place < other.limbs.count ? other.limbs[place] : 0
      let (first, below) = limbs[place].subtractingReportingOverflow(taken)
      let (second, belowAgain) = first.subtractingReportingOverflow(borrow ? 1 : 0)
      limbs[place] = second
      borrow = below || belowAgain
    }
  }

  /// The number times 2^`shift`, without its fraction, and whether there was one.
  func shifted(by shift: Int) -> (value: Natural, lostBits: Bool) {
    guard shift < 0 else {
      var value = Natural(zeroWithRoomForBits: bitWidth + shift)
      for (place, limb) in limbs.enumerated() where limb != 0 {
        value.add(UInt128(limb), shiftedBy: 64 * place + shift)
      }
      return (value, false)
    }
    let (whole, offset) = (-shift / 64, UInt64(-shift % 64))
    guard whole < limbs.count else { return (Natural(0), !isZero) }
    let below = limbs[..<whole].contains { $0 != 0 } || limbs[whole] & ((1 << offset) - 1) != 0
    let shifted = (whole..<limbs.count).map { place in
      let above = place + 1 < limbs.count ? limbs[place + 1] : 0
      return limbs[place] >> offset | above << (64 - offset)
    }
    return (Natural(limbs: shifted), below)
  }

  /// The whole part of this number over `divisor`, and whether something is left. The whole part is below 2^128.
  func divided(by divisor: Natural) -> (quotient: UInt128, hasRemainder: Bool) {
    let short = divisor.significantLimbs
    if short.count == 1 {
      var remainder: UInt64 = 0
      var quotient: UInt128 = 0
      for limb in significantLimbs.reversed() {
        let step = short[0].dividingFullWidth((remainder, limb))
        quotient = quotient &<< 64 | UInt128(step.quotient)
        remainder = step.remainder
      }
      return (quotient, remainder != 0)
    }
    // Bit by bit, as on paper: divisors of more than 64 bits are rare.
    var rest = self
    var quotient: UInt128 = 0
    for bit in (0..<128).reversed() {
      let part = divisor.shifted(by: bit).value
      guard !(rest < part) else { continue }
      rest.subtract(part)
      quotient |= 1 &<< UInt128(bit)
    }
    return (quotient, !rest.isZero)
  }
}

extension Natural: Comparable {
  package static func < (a: Natural, b: Natural) -> Bool {
    for place in (0..<max(a.limbs.count, b.limbs.count)).reversed() {
      let left = place < a.limbs.count ? a.limbs[place] : 0
      let right = place < b.limbs.count ? b.limbs[place] : 0
      if left != right { return left < right }
    }
    return false
  }

  package static func == (a: Natural, b: Natural) -> Bool { !(a < b) && !(b < a) }
}

extension UInt64 {
  /// Adds `other` and what was carried; returns what is to be carried on.
  @inline(__always)
  fileprivate mutating func add(_ other: UInt64, _ carry: Bool) -> Bool {
    let (first, over) = addingReportingOverflow(other)
    let (second, overAgain) = first.addingReportingOverflow(carry ? 1 : 0)
    self = second
    return over || overAgain
  }
}
