import OneClassSVM

/// The floor `three_sigma`: a detector that knows the mean and the standard deviation of each feature in training, and nothing else.
///
/// Its score is 3 − max |z| over the features, with z = (value − mean) / standard deviation. As with any detector, a lower score is more
/// anomalous, and a window whose score is below zero is flagged: one feature lies more than three standard deviations from its mean.
package struct ThreeSigmaDetector: Sendable {
  private let mean: [Double]
  private let scale: [Double]

  /// - Parameter rows: The training, at least one row. A feature that never varies in it has the spread that ``TrainedFeatures`` gives it.
  package init(trainedOn rows: FeatureMatrix) {
    let trained = TrainedFeatures(of: rows)
    mean = trained.mean
    scale = trained.scale
  }

  /// - Parameter row: As many features as the training has, finite.
  package func score(_ row: ArraySlice<Double>) -> Double {
    precondition(row.count == mean.count, "a row of \(row.count) features, a training of \(mean.count)")
    var largest = 0.0
    for (feature, value) in row.enumerated() {
      let deviation = ((value - mean[feature]) / scale[feature]).magnitude
      if deviation > largest { largest = deviation }
    }
    return FeatureDeviation.usualDeviations - largest
  }

  /// Whether a window of this score is flagged.
  package static func isFlagged(_ score: Double) -> Bool { score < 0 }
}
