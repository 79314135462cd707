import Telemetry

/// A parameter that may differ from device to device: one value, or a range from which each device draws its own, evenly.
package struct Varied<Value: Sendable & Hashable & Comparable>: Sendable, Hashable {
  package let low: Value
  package let high: Value

  /// The same for every device.
  package init(_ value: Value) {
    low = value
    high = value
  }

  /// Drawn by each device.
  package init(_ range: ClosedRange<Value>) {
    low = range.lowerBound
    high = range.upperBound
  }
}

extension Varied: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral where Value == Double {
  package init(floatLiteral value: Double) { self.init(value) }
  package init(integerLiteral value: Int) { self.init(Double(value)) }
}

extension Varied where Value == Double {
  /// What it is on average.
  package var middle: Double { (low + high) / 2 }

  /// The value of one device. A parameter that does not vary draws nothing.
  func draw(_ generator: inout SeededGenerator) -> Double {
    low == high ? low : generator.uniform(in: low...high)
  }
}

extension Varied where Value == Duration {
  package static func seconds(_ count: Int64) -> Varied { Varied(.seconds(count)) }

  package var middle: Duration { (low + high) / 2 }

  /// The value of one device, in milliseconds and at least one.
  func drawMs(_ generator: inout SeededGenerator) -> Int64 {
    let span = high.milliseconds - low.milliseconds
    return max(
      1, span <= 0 ? low.milliseconds : low.milliseconds + Int64(generator.index(below: Int(span) + 1)))
  }
}
