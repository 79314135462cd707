import Telemetry

/// Parts added up, where a product or a delay needs them as one.
package struct SumSignal: CompositeSignal {
  package var parts: [any Signal]

  package init(_ parts: [any Signal]) { self.parts = parts }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    .sum(parts.map { $0.statistics(sensors) })
  }

  package func begin(_ context: SignalContext) -> any SignalCourse { SumCourse(parts, context) }
}

/// The sum of the courses of several signals.
struct SumCourse: SignalCourse {
  private var parts: [any SignalCourse]

  init(_ signals: [any Signal], _ context: SignalContext) {
    parts = signals.enumerated().map { $1.begin(context.part($0)) }
  }

  mutating func value(at moment: Moment) -> Double {
    var sum = 0.0
    for index in parts.indices { sum += parts[index].value(at: moment) }
    return sum
  }
}

/// A signal made of others.
package protocol CompositeSignal: Signal {
  var parts: [any Signal] { get }
}

extension CompositeSignal {
  /// The longest of its parts': the others fit into it.
  package var period: Duration? { parts.compactMap(\.period).max() }
  package var isNoisy: Bool { parts.contains { $0.isNoisy } }
  package var swings: Bool { parts.contains { $0.swings } }
  package var sources: [SensorID] { parts.flatMap(\.sources) }
}
