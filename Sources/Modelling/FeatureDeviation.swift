import OneClassSVM

/// How far one feature of a window lies from what its model was trained on.
package struct FeatureDeviation: Hashable, Sendable {
  /// The position of the feature among those of its model.
  package var feature: Int
  package var value: Double
  /// Of the training, in the feature's own unit.
  package var mean: Double
  /// The standard deviation of the training, in the feature's own unit.
  package var scale: Double

  /// How many standard deviations the value is above the mean; below zero where it is below.
  package var deviations: Double { (value - mean) / scale }

  /// How many standard deviations around the mean are usual: in a normal distribution 99.7% of all values. Of twelve features in ten
  /// windows a few are beyond two in any case.
  package static let usualDeviations = 3.0

  /// The range in which values are usual.
  package var usual: ClosedRange<Double> {
    let half = Self.usualDeviations * scale.magnitude
    return mean - half...mean + half
  }

  package var isUsual: Bool { deviations.magnitude <= Self.usualDeviations }
}

/// What the features of a model were in its training: the mean and standard deviation of each, in the feature's own unit. A feature
/// that never varied has no standard deviation; a hundredth of its value counts, and 1 where that is zero.
package struct TrainedFeatures: Sendable {
  /// The share of its value that counts as the standard deviation of a feature that never varied in training.
  private static let spreadOfConstants = 0.01

  private let scaler: Scaler

  /// Of each feature.
  package var mean: [Double] { scaler.mean }
  /// Of each feature, what counts as its standard deviation.
  package var scale: [Double] { scaler.scale }

  /// As far as the model itself tells: its scaler has the figures of the training rows. A model without one has kept only its support
  /// vectors: then theirs count, which lie farther out than most of the training.
  package init(of model: OneClassModel) {
    let constant = Set(model.metadata.constantFeatures)
    self.init(model.scaler ?? Scaler(fitting: model.supportVectors)) {
      constant.contains(model.featureNames[$0])
    }
  }

  /// Of the training rows themselves, of which there is at least one.
  package init(of rows: FeatureMatrix) {
    let fitted = Scaler(fitting: rows)
    let constant = Set(fitted.constantColumns(of: rows))
    self.init(fitted, isConstant: constant.contains)
  }

  private init(_ known: Scaler, isConstant: (Int) -> Bool) {
    let scale = known.scale.indices.map { feature in
      guard isConstant(feature) else { return known.scale[feature] }
      let spread = known.mean[feature].magnitude * Self.spreadOfConstants
      return spread > 0 ? spread : 1
    }
    scaler = Scaler(mean: known.mean, scale: scale)
  }

  /// The deviation of each feature of `row`, in the order of the features. One whose scale is no number above zero, as a model from
  /// elsewhere may have it, or whose deviation is beyond the largest double, is left out.
  package func deviations(of row: some Collection<Double>) -> [FeatureDeviation] {
    zip(row, zip(scaler.mean, scaler.scale)).enumerated().compactMap { feature, pair in
      let (value, (mean, scale)) = pair
      let deviation = FeatureDeviation(feature: feature, value: value, mean: mean, scale: scale)
      return scale > 0 && deviation.deviations.isFinite && deviation.usual.lowerBound.isFinite
        && deviation.usual.upperBound.isFinite ? deviation : nil
    }
  }
}

extension [FeatureDeviation] {
  /// The root of the mean of the squared deviations: how far a window lies from its training in all, in standard deviations. It
  /// goes on growing where the decision value of an rbf kernel no longer does. Zero without features.
  package var rootMeanSquare: Double {
    // Scaled by the largest, so that no square overflows.
    guard let largest = self.map(\.deviations.magnitude).max(), largest > 0 else { return 0 }
    let sum = reduce(0) { $0 + ($1.deviations / largest) * ($1.deviations / largest) }
    return largest * (sum / Double(count)).squareRoot()
  }
}
