/// The area under the precision-recall curve, and the mean of a precision and a recall.
enum PrecisionRecall {
  /// Average precision: Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores from the most anomalous on (scikit-learn's
  /// `average_precision_score`); windows of one score are one step. Nil without an anomalous window.
  ///
  /// Shares of the anomalous windows are added up as counts and divided once at the end. As long as every window found is
  /// anomalous, each addend is then a whole number, so a perfect ranking gives 1 and not a neighbour of it; and since no
  /// addend exceeds its count, no other ranking gives more.
  ///
  /// - Parameter windows: each window's score (the lower, the more anomalous) and whether it is anomalous.
  static func averagePrecision(_ windows: [(score: Double, isAnomalous: Bool)]) -> Double? {
    let positives = windows.count(where: \.isAnomalous)
    guard positives > 0 else { return nil }
    let sorted = windows.sorted { $0.score < $1.score }
    var found = 0
    var area = 0.0
    var index = 0
    while index < sorted.count {
      let score = sorted[index].score
      var step = 0
      while index < sorted.count, sorted[index].score == score {
        step += sorted[index].isAnomalous ? 1 : 0
        index += 1
      }
      found += step
      area += Double(step) * (Double(found) / Double(index))
    }
    return area / Double(positives)
  }

  /// F1, the harmonic mean of both: 0 where nothing is flagged (there is no precision), nil where nothing is anomalous (there is
  /// no recall).
  static func f1(precision: Double?, recall: Double?) -> Double? {
    guard let recall else { return nil }
    guard let precision, precision + recall > 0 else { return 0 }
    return 2 * precision * recall / (precision + recall)
  }
}
