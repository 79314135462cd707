import ExactArithmetic

/// Standard scaling: (x − mean) / scale, a feature at a time.
package struct Scaler: Sendable, Equatable {
  /// The mean of each feature over the training rows, in the feature's own unit.
  package let mean: [Double]
  /// The population's standard deviation of each feature, in the feature's own unit; 1 where the feature never
  /// varied.
  package let scale: [Double]

  /// `mean` and `scale` are of one length. A zero in `scale` is let in, because foreign files hold such scalers and
  /// ``ModelLint`` must be able to say so; rows scored with it get infinities and fail.
  package init(mean: [Double], scale: [Double]) {
    precondition(mean.count == scale.count, "\(mean.count) means, but \(scale.count) scales")
    self.mean = mean
    self.scale = scale
  }

  /// Fits a scaler to `rows`, which are finite and at least one. Mean and standard deviation are the doubles nearest to the
  /// true ones. A feature that deviates by no more than rounding would make it counts as constant, by scikit-learn's rule:
  /// stddev ≤ n·ε·|mean|.
  package init(fitting rows: FeatureMatrix) {
    var mean: [Double] = []
    var scale: [Double] = []
    for column in 0..<rows.columns {
      let moments = Moments(of: (0..<rows.rowCount).map { rows[$0, column] })
      let rounding = Double(rows.rowCount) * Double.ulpOfOne * moments.mean.magnitude
      mean.append(moments.mean)
      scale.append(moments.stddev > rounding ? moments.stddev : 1)
    }
    self.init(mean: mean, scale: scale)
  }

  /// `rows` in scaled units.
  package func scaled(_ rows: FeatureMatrix) -> FeatureMatrix {
    precondition(rows.columns == mean.count, "rows of \(rows.columns) features, a scaler of \(mean.count)")
    var values = rows.values
    for index in values.indices {
      let column = index % rows.columns
      values[index] = (values[index] - mean[column]) / scale[column]
    }
    return FeatureMatrix(values: values, columns: rows.columns)
  }

  /// The columns with a single value, to within rounding, of the rows that this scaler was fitted to.
  package func constantColumns(of rows: FeatureMatrix) -> [Int] {
    (0..<rows.columns).filter { column in
      // A scale of exactly 1 is what the scaler gives a constant feature, and in rare cases a varying one.
      guard scale[column] == 1 else { return false }
      let first = rows[0, column]
      let slack = abs(first) * Double(rows.rowCount) * .ulpOfOne
      return (0..<rows.rowCount).allSatisfy { abs(rows[$0, column] - first) <= slack }
    }
  }
}
