import Telemetry

/// Parts multiplied, such as a swing by a factor for the day of the week.
package struct ProductSignal: CompositeSignal {
  package var parts: [any Signal]

  package init(_ parts: [any Signal]) { self.parts = parts }

  /// Of independent parts: E[XY] = E[X]·E[Y], and E[(XY)²] = E[X²]·E[Y²].
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    var mean = 1.0
    var square = 1.0
    for part in parts.map({ $0.statistics(sensors) }) {
      mean *= part.level
      square *= part.standardDeviation * part.standardDeviation + part.level * part.level
    }
    return SignalStatistics(level: mean, standardDeviation: max(0, square - mean * mean).squareRoot())
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    Course(parts: parts.enumerated().map { $1.begin(context.part($0)) })
  }

  private struct Course: SignalCourse {
    var parts: [any SignalCourse]

    mutating func value(at moment: Moment) -> Double {
      var product = 1.0
      for index in parts.indices { product *= parts[index].value(at: moment) }
      return product
    }
  }
}
