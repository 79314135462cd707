import Telemetry

/// Noise around zero, independent from reading to reading.
package struct NoiseSignal: Signal, Hashable {
  /// How the values are distributed; all have the standard deviation asked for.
  package enum Distribution: String, CaseIterable, Sendable {
    case gaussian
    /// Evenly between ±√3 standard deviations.
    case uniform
    /// Student's t with three degrees of freedom: mostly closer to zero than Gaussian noise, and now and then far out.
    case heavyTailed = "heavy_tailed"
  }

  /// The standard deviation, in the sensor's unit; zero or more.
  package var spread: Varied<Double>
  package var distribution: Distribution

  package init(standardDeviation: Varied<Double>, distribution: Distribution = .gaussian) {
    spread = standardDeviation
    self.distribution = distribution
  }

  package var isNoisy: Bool { true }

  package func statistics(_ sensors: (SensorID) -> SignalStatistics) -> SignalStatistics {
    SignalStatistics(standardDeviation: spread.middle)
  }

  package func begin(_ context: SignalContext) -> any SignalCourse {
    var generator = context.generator
    let spread = spread.draw(&generator)
    return Course(spread: spread, distribution: distribution, normal: NormalGenerator(generator))
  }

  private struct Course: SignalCourse {
    let spread: Double
    let distribution: Distribution
    var normal: NormalGenerator

    mutating func value(at moment: Moment) -> Double {
      moment.noiseGain * spread * unit()
    }

    private mutating func unit() -> Double {
      switch distribution {
      case .gaussian: return normal.next()
      case .uniform: return 3.0.squareRoot() * (2 * normal.generator.uniform() - 1)
      case .heavyTailed:
        // t = Z / √(χ²₃ / 3) has variance 3, which the division by √3 takes out again.
        let z = normal.next()
        var square = 0.0
        for _ in 0..<3 {
          let part = normal.next()
          square += part * part
        }
        return square > 0 ? z / square.squareRoot() : 0
      }
    }
  }
}

/// Numbers of the standard normal distribution by Marsaglia's polar method (Marsaglia and Bray, "A Convenient Method
/// for Generating Normal Variables", SIAM Review 6(3), 1964).
struct NormalGenerator: Sendable {
  var generator: SeededGenerator
  /// The method gives two numbers at a time.
  private var spare: Double?

  init(_ generator: SeededGenerator) { self.generator = generator }

  mutating func next() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let u = 2 * generator.uniform() - 1
      let v = 2 * generator.uniform() - 1
      let square = u * u + v * v
      // π/4 of the pairs lie in the circle, so the loop ends with certainty and soon.
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * PortableMath.log(square) / square).squareRoot()
      spare = v * factor
      return u * factor
    }
  }
}
