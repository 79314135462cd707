/// The decision function of a model and what one must know to use it: all that scoring needs.
package struct DecisionFunction: Sendable {
  /// The names of the features, in the order of the columns.
  package let featureNames: [String]
  /// The model's ``OneClassModel/version``.
  package let version: String
  private let packed: PackedModel

  /// How many features a row has.
  package var featureCount: Int { packed.features }

  /// How many support vectors a row is compared with, rounded up to what the kernel takes at a time: how long a row takes.
  package var vectorCount: Int { packed.vectors }

  init(_ packed: PackedModel, featureNames: [String], version: String) {
    self.packed = packed
    self.featureNames = featureNames
    self.version = version
  }

  /// The function that gave ``bytes``; nil where they are something else, or were written by another version of Sonde or
  /// on a machine of another byte order.
  package init?(bytes: UnsafeRawBufferPointer, featureNames: [String], version: String) {
    guard let packed = PackedModel(bytes: bytes), packed.features == featureNames.count else { return nil }
    self.init(packed, featureNames: featureNames, version: version)
  }

  /// Everything but the names and the version, as it lies in memory: reading it back takes no arithmetic, so that decisions
  /// are the same to the last bit.
  package var bytes: [UInt8] { packed.bytes }

  /// The decision value of every row, in their order: above zero normal, else an outlier.
  ///
  /// `rows` are raw; the model's scaler is applied here. Throws ``RowError`` where the number of features is not the
  /// model's, and for the first row that has a value that is not finite or whose decision is not.
  package func decisionValues(of rows: FeatureMatrix, on path: CPUPath = .best) throws(RowError) -> [Double] {
    try requireFeatures(rows.columns)
    var decisions = [Double](repeating: 0, count: rows.rowCount)
    var target = decisions.mutableSpan
    let failed = packed.decide(rows.values.span, into: &target, on: path)
    if failed > 0, let row = decisions.firstIndex(where: \.isNaN) {
      throw fault(ofRow: row, values: rows[row: row])
    }
    return decisions
  }

  /// Writes the decision value of every row into `decisions` and allocates nothing a row.
  ///
  /// `rows` are raw and row-major: `decisions.count` rows of ``featureCount`` values. A row that cannot be scored (a
  /// value that is not finite) gets NaN, and the others their decision; ``fault(of:)`` says what is wrong with one.
  /// Returns how many rows got NaN. Throws ``RowError`` where the lengths do not fit.
  @discardableResult
  package func decide(
    _ rows: Span<Double>, into decisions: inout MutableSpan<Double>, on path: CPUPath = .best
  ) throws(RowError) -> Int {
    guard rows.count == decisions.count * featureCount else {
      throw RowError(
        row: nil,
        reason:
          "\(rows.count) values are not \(decisions.count) rows of the \(featureCount) features of this model"
      )
    }
    return packed.decide(rows, into: &decisions, on: path)
  }

  /// ``decide(_:into:on:)`` for a matrix: `decisions` is made as long as `rows` has rows. No allocation where it is
  /// that long already.
  @discardableResult
  package func decide(
    _ rows: FeatureMatrix, into decisions: inout [Double], on path: CPUPath = .best
  ) throws(RowError) -> Int {
    try requireFeatures(rows.columns)
    if decisions.count != rows.rowCount { decisions = [Double](repeating: 0, count: rows.rowCount) }
    var target = decisions.mutableSpan
    return packed.decide(rows.values.span, into: &target, on: path)
  }

  /// Why `row`, raw and of ``featureCount`` values, cannot be scored; nil where it can.
  package func fault(of row: some Collection<Double>) -> RowError? {
    let values = Array(row)
    guard values.count == featureCount else {
      return Self.wrongFeatures(values.count, expected: featureCount)
    }
    var decision = [0.0]
    var target = decision.mutableSpan
    guard packed.decide(values.span, into: &target, on: .best) > 0 else { return nil }
    return fault(ofRow: nil, values: values[...])
  }

  private func requireFeatures(_ count: Int) throws(RowError) {
    guard count == featureCount else { throw Self.wrongFeatures(count, expected: featureCount) }
  }

  private static func wrongFeatures(_ count: Int, expected: Int) -> RowError {
    RowError(row: nil, reason: "rows of \(count) features, but the model was trained on \(expected)")
  }

  private func fault(ofRow row: Int?, values: ArraySlice<Double>) -> RowError {
    for (name, value) in zip(featureNames, values) where !value.isFinite {
      return RowError(row: row, reason: "the feature \(name) is \(value); only finite values can be scored")
    }
    for (feature, value) in values.enumerated() {
      guard let (mean, scale) = packed.scaling(of: feature) else { break }
      let scaled = (value - mean) / scale
      guard !scaled.isFinite else { continue }
      return RowError(
        row: row,
        reason: "the feature \(featureNames[feature]) is \(value), which the model's scaler "
          + "(mean \(mean), scale \(scale)) turns into \(scaled)")
    }
    return RowError(
      row: row, reason: "the decision value is not finite: the values are too large for the kernel")
  }
}

extension OneClassModel {
  /// See ``DecisionFunction/decisionValues(of:on:)``.
  package func decisionValues(of rows: FeatureMatrix, on path: CPUPath = .best) throws(RowError) -> [Double] {
    try decisionFunction.decisionValues(of: rows, on: path)
  }

  /// See ``DecisionFunction/decide(_:into:on:)-(Span<Double>,_,_)``.
  @discardableResult
  package func decide(
    _ rows: Span<Double>, into decisions: inout MutableSpan<Double>, on path: CPUPath = .best
  ) throws(RowError) -> Int {
    try decisionFunction.decide(rows, into: &decisions, on: path)
  }

  /// See ``DecisionFunction/decide(_:into:on:)-(FeatureMatrix,_,_)``.
  @discardableResult
  package func decide(
    _ rows: FeatureMatrix, into decisions: inout [Double], on path: CPUPath = .best
  ) throws(RowError) -> Int {
    try decisionFunction.decide(rows, into: &decisions, on: path)
  }

  /// See ``DecisionFunction/fault(of:)``.
  package func fault(of row: some Collection<Double>) -> RowError? { decisionFunction.fault(of: row) }

  /// Whether a decision value means an anomaly. Exactly zero does, as in LIBSVM and scikit-learn.
  package static func isAnomaly(_ decision: Double) -> Bool { decision <= 0 }
}

/// A row, or rows, that cannot be scored.
package struct RowError: Error, CustomStringConvertible, Equatable {
  /// The row's index from 0; nil where the fault is not one row's.
  package let row: Int?
  package let reason: String

  package var description: String { row.map { "row \($0): \(reason)" } ?? reason }
}
