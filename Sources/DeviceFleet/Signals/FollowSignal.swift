import Telemetry

/// Follows another sensor of the device: `offset + gain · source`, reached with a first-order lag, as a temperature follows
/// a load. What goes wrong with the source as a process is followed; a fault of the source's sensor is not.
package struct FollowSignal: Signal, Hashable {
  package var source: SensorID
  /// In the sensor's unit.
  package var offset: Varied<Double>
  /// In the sensor's unit a unit of the source.
  package var gain: Varied<Double>
  /// The time in which 63% of a step of the source is reached; zero: at once.
  package var lag: Varied<Duration>

  package init(
    _ source: SensorID, offset: Varied<Double> = 0, gain: Varied<Double> = 1,
    lag: Varied<Duration> = .seconds(0)
  ) {
    self.source = source
    self.offset = offset
    self.gain = gain
    self.lag = lag
  }

  package var swings: Bool { true }
  package var sources: [SensorID] { [source] }

  /// The lag is left out of account: the source is taken to move slowly against it.
  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    let followed = sensors(source)
    return SignalStatistics(
      level: offset.middle + gain.middle * followed.level,
      standardDeviation: abs(gain.middle) * followed.standardDeviation)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let index = context.sensors.firstIndex(of: source)
    return Course(
      source: index ?? 0, level: index.map { context.statistics[$0].level } ?? 0,
      offset: offset.draw(&generator), gain: gain.draw(&generator),
      lagMs: lag.high == .zero ? 0 : Double(lag.drawMs(&generator)))
  }

  private struct Course: SignalCourse {
    let source: Int
    /// Of the source; its swing around it is what anomalies bend.
    let level: Double
    let offset: Double
    let gain: Double
    let lagMs: Double
    var reached: Double?
    var lastMs: Int64 = 0

    mutating func value(at moment: Moment) -> Double {
      let target = moment.values[source]
      if let reached, lagMs > 0 {
        let passed = Double(moment.elapsedMs - lastMs)
        self.reached = target + (reached - target) * PortableMath.exp(-passed / lagMs)
      } else {
        reached = target
      }
      lastMs = moment.elapsedMs
      return offset + gain * (level + moment.swing * ((reached ?? target) - level))
    }
  }
}
