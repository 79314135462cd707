extension Array where Element == Double {
  /// The median; 0 where there is nothing.
  package var median: Double { quantile(0.5) }

  /// The mean of the middle half: outliers move it as little as the median, and it takes fewer values to know it as well. The values at
  /// both ends of that half count by the part that belongs to it. 0 where there is nothing.
  package var interquartileMean: Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    let (begin, end) = (Double(count) / 4, Double(count) * 3 / 4)
    var sum = 0.0
    for (index, value) in sorted.enumerated() {
      let share = Swift.min(end, Double(index + 1)) - Swift.max(begin, Double(index))
      if share > 0 { sum += value * share }
    }
    return sum / (end - begin)
  }

  /// The quantile at `share`, drawn evenly between neighbours; 0 where there is nothing.
  package func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    let place = share * Double(count - 1)
    let low = Int(place)
    let part = place - Double(low)
    return low + 1 < count ? sorted[low] + part * (sorted[low + 1] - sorted[low]) : sorted[low]
  }
}
