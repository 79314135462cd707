/// Standard scaling: (x − mean) / scale, a feature at a time.
public struct Scaler: Sendable, Equatable {
  /// The mean of each feature over the training rows, in the feature's own unit.
  public let mean: [Double]
  /// The population's standard deviation of each feature, in the feature's own unit; 1 where the feature never
  /// varied.
  public let scale: [Double]

  /// `mean` and `scale` are of one length. A zero in `scale` is let in, because foreign files hold such scalers and
  /// ``ModelLint`` must be able to say so; rows scored with it get infinities and fail.
  public init(mean: [Double], scale: [Double]) {
    precondition(mean.count == scale.count, "\(mean.count) means, but \(scale.count) scales")
    self.mean = mean
    self.scale = scale
  }

  /// Fits a scaler to `rows`, which are finite and at least one. Two passes (mean, then squared deviations), so that
  /// a large offset does not swallow the variance. A feature whose deviations are within rounding of zero counts as
  /// constant, by scikit-learn's rule: variance ≤ n·ε·variance + (n·mean·ε)².
  public init(fitting rows: FeatureMatrix) {
    let count = Double(rows.rowCount)
    var mean = [Double](repeating: 0, count: rows.columns)
    var scale = [Double](repeating: 1, count: rows.columns)
    for column in 0..<rows.columns {
      var sum = 0.0
      for row in 0..<rows.rowCount { sum += rows[row, column] }
      let center = sum / count
      var squares = 0.0
      var deviations = 0.0
      for row in 0..<rows.rowCount {
        let deviation = rows[row, column] - center
        squares += deviation * deviation
        deviations += deviation
      }
      // The second term takes out what rounding of the mean left in (Chan, Golub and LeVeque, 1983).
      let variance = max(0, (squares - deviations * deviations / count) / count)
      let epsilon = Double.ulpOfOne
      let rounding = count * center * epsilon
      mean[column] = center
      if variance > count * epsilon * variance + rounding * rounding { scale[column] = variance.squareRoot() }
    }
    self.init(mean: mean, scale: scale)
  }

  /// `rows` in scaled units.
  public func scaled(_ rows: FeatureMatrix) -> FeatureMatrix {
    precondition(rows.columns == mean.count, "rows of \(rows.columns) features, a scaler of \(mean.count)")
    var values = rows.values
    for index in values.indices {
      let column = index % rows.columns
      values[index] = (values[index] - mean[column]) / scale[column]
    }
    return FeatureMatrix(values: values, columns: rows.columns)
  }
}
