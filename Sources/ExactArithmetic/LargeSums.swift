/// The sums behind ``Moments`` of any values at any times, in numbers that grow as they need to.
struct LargeSums {
  /// All values are multiples of 2^(`place` + `Double.lowestExponent`).
  private let place: Int
  private var count: UInt128 = 0
  private var positive: Natural
  private var negative: Natural
  private var squares: Natural
  /// Sums of times, of their squares, and of times by values.
  private var times: UInt128 = 0
  private var timeSquares: Natural
  private var positiveProducts: Natural
  private var negativeProducts: Natural

  init(_ range: ValueRange) {
    place = range.smallest.wholeParts.place
    let width = 53 + range.largest.wholeParts.place - place
    // So that nothing has to grow: there are fewer than 2^64 values, and times are below 2^64.
    positive = Natural(zeroWithRoomForBits: width + 128)
    negative = positive
    positiveProducts = Natural(zeroWithRoomForBits: width + 192)
    negativeProducts = positiveProducts
    squares = Natural(zeroWithRoomForBits: 2 * width + 128)
    timeSquares = Natural(0)
  }

  /// Takes a value of the range at a time.
  @inline(__always)
  mutating func add(_ value: Double, at time: UInt64) {
    count &+= 1
    let (significand, place) = value.wholeParts
    times &+= UInt128(time)
    timeSquares.add(UInt128(time) &* UInt128(time), shiftedBy: 0)
    guard significand != 0 else { return }
    let shift = place &- self.place
    let whole = UInt128(significand)
    squares.add(whole &* whole, shiftedBy: 2 &* shift)
    if value.sign == .plus {
      positive.add(whole, shiftedBy: shift)
      positiveProducts.add(whole &* UInt128(time), shiftedBy: shift)
    } else {
      negative.add(whole, shiftedBy: shift)
      negativeProducts.add(whole &* UInt128(time), shiftedBy: shift)
    }
  }

  /// Σx / n.
  var mean: Double {
    let sum = Natural.difference(positive, negative)
    let mean = Double.nearestQuotient(sum.size, Natural(count), exponent: place + Double.lowestExponent)
    return sum.isNegative ? 0 - mean : mean
  }

  /// √(n Σx² − (Σx)²) / n.
  var stddev: Double {
    let sum = Natural.difference(positive, negative).size
    let variance = Natural.difference(Natural(count) * squares, sum * sum).size
    return Double.nearestRoot(variance, over: Natural(count), exponent: place + Double.lowestExponent)
  }

  /// `scale` · (n Σtx − Σt Σx) / (n Σt² − (Σt)²); 0 where all times are equal.
  func slope(scale: Int) -> Double {
    let (count, times) = (Natural(count), Natural(times))
    let spread = Natural.difference(count * timeSquares, times * times).size
    guard !spread.isZero else { return 0 }
    let products = Natural.difference(
      count * positiveProducts + times * negative, count * negativeProducts + times * positive)
    let slope = Double.nearestQuotient(
      products.size * Natural(scale), spread, exponent: place + Double.lowestExponent)
    return products.isNegative ? 0 - slope : slope
  }
}
