import Telemetry

/// A level for each day of the week, in UTC.
package struct WeeklySignal: Signal, Hashable {
  /// Monday to Sunday, in the sensor's unit; seven of them.
  package var levels: [Varied<Double>]

  private static let weekMs: Int64 = 7 * DiurnalSignal.dayMs
  /// 1970-01-01 was a Thursday, three days after a Monday.
  private static let firstMondayMs: Int64 = -3 * DiurnalSignal.dayMs

  package init(levels: [Varied<Double>]) { self.levels = levels }

  package var period: Duration? { .milliseconds(Self.weekMs) }
  package var swings: Bool { true }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(values: levels.map(\.middle))
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    return Course(
      levels: levels.map { $0.draw(&generator) }, mean: statistics { _ in SignalStatistics() }.level)
  }

  private struct Course: SignalCourse {
    let levels: [Double]
    let mean: Double

    func value(at moment: Moment) -> Double {
      let sinceMonday = (moment.startMs + moment.shapeMs - WeeklySignal.firstMondayMs) % WeeklySignal.weekMs
      let day = Int((sinceMonday + WeeklySignal.weekMs) % WeeklySignal.weekMs / DiurnalSignal.dayMs)
      return mean + moment.swing * (levels[day] - mean)
    }
  }
}

extension SignalStatistics {
  /// Of values that are all as frequent.
  init(values: [Double]) {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    self.init(level: mean, standardDeviation: variance.squareRoot())
  }
}
