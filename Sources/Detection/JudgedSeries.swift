/// What a detector says of the windows of one model, and what they are: in order of time, without the ignored ones.
///
/// Figures that look at neighbours take a list of these. Neighbours are windows of one series that follow each other, whatever
/// time lies between them; the last window of one series and the first of the next are none.
struct JudgedSeries {
  /// The higher, the more anomalous.
  var scores: [Double] = []
  var isFlagged: [Bool] = []
  var isAnomalous: [Bool] = []

  /// The stretches of neighbouring anomalous windows.
  var anomalies: [Range<Int>] { Self.stretches(of: isAnomalous) }
  /// The stretches of neighbouring flagged windows.
  var alarms: [Range<Int>] { Self.stretches(of: isFlagged) }

  mutating func append(score: Double, isFlagged: Bool, isAnomalous: Bool) {
    scores.append(score)
    self.isFlagged.append(isFlagged)
    self.isAnomalous.append(isAnomalous)
  }

  private static func stretches(of marks: [Bool]) -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    var first: Int?
    for (index, isMarked) in marks.enumerated() {
      switch (isMarked, first) {
      case (true, nil): first = index
      case (false, let start?):
        stretches.append(start..<index)
        first = nil
      default: break
      }
    }
    if let first { stretches.append(first..<marks.count) }
    return stretches
  }
}
