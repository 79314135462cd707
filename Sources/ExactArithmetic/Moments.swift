/// The mean, the standard deviation and the slope of values, each the double nearest to the true one.
package struct Moments: Hashable, Sendable {
  /// Σx / n. It lies between the lowest and the highest value.
  package let mean: Double
  /// √(Σ(x − mean)² / n), of the population, about the true mean. It is 0 only where all values are equal, or where it is
  /// below half of the smallest double.
  package let stddev: Double
  /// The slope of the least-squares line, per thousand units of time: a second, where times are milliseconds. 0 where all
  /// times are equal, and infinite where it is beyond the largest double.
  package let slope: Double

  /// - Parameters:
  ///   - values: Finite, and at least one.
  ///   - times: One a value, or none; then the slope is 0.
  package init(of values: [Double], at times: [Int64] = []) {
    let range = ValueRange(values)
    guard range.lowest < range.highest else {
      // Also where they are zeros of both signs.
      (mean, stddev, slope) = (range.lowest + 0, 0, 0)
      return
    }
    let origin = times.min() ?? 0
    let longest = UInt64(truncatingIfNeeded: (times.max() ?? 0) &- origin)
    func time(_ index: Int) -> UInt64 {
      times.isEmpty ? 0 : UInt64(truncatingIfNeeded: times[index] &- origin)
    }
    if var sums = OrdinarySums(range, count: values.count, longestTime: longest) {
      for index in values.indices { sums.add(values[index], at: time(index)) }
      if let slope = sums.slope(scale: 1000) {
        (mean, stddev, self.slope) = (sums.mean, sums.stddev, slope)
        return
      }
    }
    var sums = LargeSums(range)
    for index in values.indices { sums.add(values[index], at: time(index)) }
    (mean, stddev, slope) = (sums.mean, sums.stddev, sums.slope(scale: 1000))
  }
}

/// Between which values all lie, and between which sizes all that are not zero.
struct ValueRange {
  private(set) var lowest: Double
  private(set) var highest: Double
  /// Infinite where all values are zero.
  private(set) var smallest = Double.infinity

  /// - Parameter values: Finite, and at least one.
  init(_ values: [Double]) {
    lowest = values[0]
    highest = values[0]
    for value in values {
      if value < lowest { lowest = value }
      if value > highest { highest = value }
      let size = value == 0 ? .infinity : value.magnitude
      if size < smallest { smallest = size }
    }
  }

  var largest: Double { max(lowest.magnitude, highest.magnitude) }
}
