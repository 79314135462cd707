/// Every reading lies by the same amount higher.
struct ShiftCourse: AnomalyCourse {
  /// In the sensor's unit.
  let height: Double

  func value(insteadOf value: Double) -> Double? { value + height }
}
