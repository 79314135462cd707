/// The area under the receiver operating characteristic: recall over the share of normal windows that are flagged, as the threshold
/// goes through all scores (Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27(8), 2006; scikit-learn's
/// `roc_auc_score`).
///
/// It is the chance that an anomalous window has a lower score than a normal one, windows of one score counting half: Mann and
/// Whitney's U by the number of pairs. 0.5 is what drawing lots gives.
enum ReceiverOperatingCharacteristic {
  /// Nil without windows of both kinds.
  ///
  /// - Parameter windows: each window's score (the lower, the more anomalous) and whether it is anomalous.
  static func area(_ windows: [(score: Double, isAnomalous: Bool)]) -> Double? {
    let positives = windows.count(where: \.isAnomalous)
    let negatives = windows.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let sorted = windows.sorted { $0.score < $1.score }
    var passed = 0.0
    var pairs = 0.0
    var index = 0
    while index < sorted.count {
      let score = sorted[index].score
      var (hits, misses) = (0.0, 0.0)
      while index < sorted.count, sorted[index].score == score {
        if sorted[index].isAnomalous { hits += 1 } else { misses += 1 }
        index += 1
      }
      pairs += hits * (Double(negatives) - passed - misses / 2)
      passed += misses
    }
    return pairs / (Double(positives) * Double(negatives))
  }
}

extension Evaluation {
  /// Below this area a ranking is worse than drawing lots, and not by chance alone: that of a detector that knows nothing lies nearer
  /// to a half on all but a handful of windows.
  private static let worseThanRandom = 0.45

  /// The area under the receiver operating characteristic where it is so small that the scores seem to be read the wrong way round;
  /// nil otherwise.
  package var invertedRanking: Double? {
    let windows = tracks.flatMap { track in
      zip(track.windows, track.truths).compactMap { window, truth in
        truth == .ignored ? nil : (score: window.score, isAnomalous: truth == .anomalous)
      }
    }
    return ReceiverOperatingCharacteristic.area(windows).flatMap { $0 < Self.worseThanRandom ? $0 : nil }
  }
}
