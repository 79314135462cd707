/// A strength of the sensor's signals is multiplied.
struct GainCourse: AnomalyCourse {
  let factor: Double
  /// Which strength.
  let strength: WritableKeyPath<Moment, Double> & Sendable

  func bend(_ moment: inout Moment) { moment[keyPath: strength] *= factor }
}
