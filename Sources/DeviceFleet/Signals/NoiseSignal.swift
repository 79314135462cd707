import Telemetry

/// Gaussian noise around zero, independent from reading to reading.
///
/// Drawn with Marsaglia's polar method (Marsaglia and Bray, "A Convenient Method for Generating Normal Variables",
/// SIAM Review 6(3), 1964).
public struct NoiseSignal: Signal, Hashable {
  /// The standard deviation, in the sensor's unit; zero or more.
  public var standardDeviation: Double

  public init(standardDeviation: Double) { self.standardDeviation = standardDeviation }

  public func begin(_ generator: SeededGenerator) -> any SignalCourse {
    Course(standardDeviation: standardDeviation, generator: generator)
  }

  private struct Course: SignalCourse {
    let standardDeviation: Double
    var generator: SeededGenerator
    /// The method gives two numbers at a time.
    var spare: Double?

    mutating func value(at elapsedMs: Int64) -> Double {
      if let spare {
        self.spare = nil
        return standardDeviation * spare
      }
      while true {
        let u = 2 * generator.uniform() - 1
        let v = 2 * generator.uniform() - 1
        let square = u * u + v * v
        // π/4 of the pairs lie in the circle, so the loop ends with certainty and soon.
        guard square > 0, square < 1 else { continue }
        let factor = (-2 * PortableMath.log(square) / square).squareRoot()
        spare = v * factor
        return standardDeviation * (u * factor)
      }
    }
  }
}
