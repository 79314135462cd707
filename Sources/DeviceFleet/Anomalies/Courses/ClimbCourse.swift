/// Readings lie ever higher, from nothing to a height at the last one.
struct ClimbCourse: AnomalyCourse {
  /// In the sensor's unit.
  let height: Double
  let readings: Int
  private var reading = 0

  init(height: Double, readings: Int) {
    self.height = height
    self.readings = readings
  }

  mutating func value(insteadOf value: Double) -> Double? {
    reading += 1
    return value + height * (Double(reading) / Double(readings))
  }
}
