import Telemetry

/// A load that climbs step by step, each by the same ratio, until something gives. Between two steps the fleet is silent, so that
/// what is left of one is no burden to the next.
package struct LoadClimb: Hashable, Sendable {
  /// The level of the first step, as a multiple of what ``DeviceGroup/every`` gives.
  package var from: Double
  /// From the level of one step to that of the next.
  package var ratio: Double
  package var steps: Int
  /// How long a step lasts, in event time as the others.
  package var length: Duration
  package var rest: Duration
  /// A step whose 99th percentile of latency is above it is not carried. Wall-clock time.
  package var latency: Duration

  package init(from: Double, ratio: Double, steps: Int, length: Duration, rest: Duration, latency: Duration) {
    self.from = from
    self.ratio = ratio
    self.steps = steps
    self.length = length
    self.rest = rest
    self.latency = latency
  }

  /// The climb ends after so many steps in a row that were not carried: one alone may be an accident of the machine.
  package static let missesAtTheEnd = 2

  /// The level of a step, from 0.
  package func level(_ step: Int) -> Double { (0..<step).reduce(from) { level, _ in level * ratio } }

  package var profile: LoadProfile {
    LoadProfile((0..<steps).flatMap { [.burst(to: level($0), for: length), .hold(for: rest)] })
  }

  package var duration: Duration { (length + rest) * steps }

  package var stages: LoadStages {
    LoadStages(
      (0..<steps).map { step in
        let begin = (length + rest) * step
        return LoadStages.Stage(name: "step", level: level(step), begin: begin, end: begin + length)
      })
  }
}
