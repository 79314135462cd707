extension Array where Element == Double {
  /// The median; 0 where there is nothing.
  package var median: Double { quantile(0.5) }

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
