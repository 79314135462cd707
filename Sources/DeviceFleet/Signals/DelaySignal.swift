import Telemetry

/// The sum of parts as it was some time before: what repeats or rises in them comes later. A part that follows a sensor is
/// slowed by its own lag instead.
package struct DelaySignal: CompositeSignal {
  package var by: Varied<Duration>
  package var parts: [any Signal]

  package init(by: Varied<Duration>, _ parts: [any Signal]) {
    self.by = by
    self.parts = parts
  }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    .sum(parts.map { $0.statistics(sensors) })
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(byMs: by.drawMs(&generator), sum: SumCourse(parts, context))
  }

  private struct Course: SignalCourse {
    let byMs: Int64
    var sum: SumCourse

    mutating func value(at moment: Moment) -> Double {
      var earlier = moment
      earlier.shapeMs -= byMs
      return sum.value(at: earlier)
    }
  }
}
