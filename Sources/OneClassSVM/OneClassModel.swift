import Files
import Foundation

/// A trained one-class SVM: decision(x) = Σ coefficientᵢ · K(supportVectorᵢ, scaled x) − rho. A row is normal where
/// the decision is above zero (Schölkopf et al., "Estimating the support of a high-dimensional distribution", 2001).
package struct OneClassModel: Sendable, Equatable {
  package let kernel: Kernel
  /// In scaled units; a row a support vector, a column a feature.
  package let supportVectors: FeatureMatrix
  /// One a support vector. Their sum is nu · training rows.
  package let coefficients: [Double]
  /// The offset; scikit-learn's `intercept_` is −rho.
  package let rho: Double
  /// nil where raw rows go into the kernel as they are.
  package let scaler: Scaler?
  /// The names of the features, in the order of the columns.
  package let featureNames: [String]
  package let metadata: ModelMetadata
  /// `v` and the first 12 hexadecimal digits of the SHA-256 of everything above: equal content has an equal version, on any
  /// machine and in any run. The letter keeps what reads tables from taking digits, or digits around an `e`, for a number.
  package var version: String { decisionFunction.version }
  /// What scores rows.
  package let decisionFunction: DecisionFunction

  /// How many features a row has.
  package var featureCount: Int { supportVectors.columns }

  /// Σα, the scale of decision values: none is above Σα − rho for an rbf kernel.
  package var coefficientSum: Double { coefficients.reduce(0, +) }

  /// Puts a model together. Throws ``ModelError`` where the parts do not fit each other or hold a value that is not
  /// finite.
  package init(
    kernel: Kernel, supportVectors: FeatureMatrix, coefficients: [Double], rho: Double, scaler: Scaler?,
    featureNames: [String]? = nil, metadata: ModelMetadata = ModelMetadata()
  ) throws(ModelError) {
    let features = supportVectors.columns
    let names = featureNames ?? Self.defaultFeatureNames(features)
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(ModelError) {
      if !condition { throw ModelError(reason: reason()) }
    }
    if let fault = kernel.fault { throw ModelError(reason: fault) }
    try require(!coefficients.isEmpty, "the model has no support vector")
    try require(
      coefficients.count <= ModelLimits.supportVectors,
      "the model has \(coefficients.count) support vectors; the limit is \(ModelLimits.supportVectors)")
    try require(
      features <= ModelLimits.features,
      "the model has \(features) features; the limit is \(ModelLimits.features)")
    try require(
      supportVectors.rowCount == coefficients.count,
      "the model has \(supportVectors.rowCount) support vectors, but \(coefficients.count) coefficients")
    try require(
      supportVectors.values.allSatisfy(\.isFinite), "a support vector has a value that is not finite")
    try require(coefficients.allSatisfy(\.isFinite), "a coefficient is not finite")
    try require(rho.isFinite, "rho is \(rho); it must be finite")
    if let scaler {
      try require(
        scaler.mean.count == features,
        "the scaler has \(scaler.mean.count) features, but the support vectors have \(features)")
      try require(
        scaler.mean.allSatisfy(\.isFinite) && scaler.scale.allSatisfy(\.isFinite),
        "the scaler has a value that is not finite")
    }
    try require(
      names.count == features,
      "\(names.count) feature names, but the support vectors have \(features) features")
    try require(Set(names).count == names.count, "a feature is named twice: \(names.joined(separator: ", "))")

    self.kernel = kernel
    // A negative zero would be written as another text than the zero it equals.
    self.supportVectors = FeatureMatrix(values: supportVectors.values.map { $0 + 0 }, columns: features)
    self.coefficients = coefficients
    self.rho = rho + 0
    self.scaler = scaler
    self.featureNames = names
    self.metadata = metadata
    decisionFunction = DecisionFunction(
      PackedModel(
        kernel: kernel, supportVectors: supportVectors, coefficients: coefficients, rho: rho, scaler: scaler),
      featureNames: names,
      version: Self.version(
        kernel: kernel, supportVectors: self.supportVectors, coefficients: coefficients, rho: self.rho,
        scaler: scaler, featureNames: names, metadata: metadata))
  }

  /// Whether `text` is this model's ``version``. Older cards have it without the letter.
  func hasVersion(_ text: String) -> Bool { text == version || "v\(text)" == version }

  /// What features are called where nobody named them: `value` for a single one, else `f1`, `f2`, ….
  package static func defaultFeatureNames(_ count: Int) -> [String] {
    count == 1 ? ["value"] : (0..<count).map { "f\($0 + 1)" }
  }

  /// The same model under other names: of another device, or with its features named. What is nil stays as it is.
  /// Throws ``ModelError`` where the names do not fit.
  package func renamed(
    device: String? = nil, sensor: String? = nil, featureNames: [String]? = nil
  ) throws(ModelError) -> OneClassModel {
    var metadata = metadata
    metadata.device = device ?? metadata.device
    metadata.sensor = sensor ?? metadata.sensor
    return try OneClassModel(
      kernel: kernel, supportVectors: supportVectors, coefficients: coefficients, rho: rho, scaler: scaler,
      featureNames: featureNames ?? self.featureNames, metadata: metadata)
  }

  package static func == (left: OneClassModel, right: OneClassModel) -> Bool {
    left.kernel == right.kernel && left.supportVectors == right.supportVectors
      && left.coefficients == right.coefficients && left.rho == right.rho && left.scaler == right.scaler
      && left.featureNames == right.featureNames && left.metadata == right.metadata
  }

  /// Every part goes in with its length before it, numbers as their 64 bits, little-endian: no two contents give
  /// the same bytes.
  private static func version(
    kernel: Kernel, supportVectors: FeatureMatrix, coefficients: [Double], rho: Double, scaler: Scaler?,
    featureNames: [String], metadata: ModelMetadata
  ) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * (supportVectors.values.count + coefficients.count) + 1024)
    func add(_ number: UInt64) {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    func add(_ numbers: [Double]) {
      add(UInt64(numbers.count))
      #if _endian(little)
        numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
      #else
        for number in numbers { add(number.bitPattern) }
      #endif
    }
    func add(_ texts: [String]) {
      add(UInt64(texts.count))
      for text in texts {
        add(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
      }
    }
    add([kernel.family.rawValue])
    add([kernel.gamma, kernel.coef0, kernel.degree.map(Double.init)].compactMap { $0 })
    add([rho])
    add(coefficients)
    add(supportVectors.values)
    add(scaler?.mean ?? [])
    add(scaler?.scale ?? [])
    add(featureNames)
    add(metadata.constantFeatures)
    for (key, value) in metadata.canonicalFields { add([key, value]) }
    return "v" + Digest.sha256(bytes).prefix(12)
  }
}

/// Where a model comes from. All of it is optional, because foreign files carry little of it.
package struct ModelMetadata: Sendable, Equatable {
  /// Whose model it is.
  package var device: String?
  /// The sensor; nil for a model of the whole device.
  package var sensor: String?
  /// The share of training rows that may be outliers, in ``Nu/range``.
  package var nu: Double?
  /// How many rows it was trained on.
  package var trainedRows: Int?
  /// The first and the last training row's time, in ms since 1970-01-01T00:00:00Z.
  package var trainingRange: ClosedRange<Int64>?
  /// The run's seed.
  package var seed: UInt64?
  /// The solver's tolerance: training stopped when the optimality conditions held to it.
  package var tolerance: Double?
  /// How rho was chosen.
  package var threshold: ThresholdRecord?
  /// The share of the training rows that the model itself flags. Far above nu, it was not trained well.
  package var flaggedTrainingShare: Double?
  /// Features that had one value in all training rows.
  package var constantFeatures: [String]
  /// What wrote the model, where that was not Sonde: `scikit-learn 0.19.2`.
  package var source: String?

  package init(
    device: String? = nil, sensor: String? = nil, nu: Double? = nil, trainedRows: Int? = nil,
    trainingRange: ClosedRange<Int64>? = nil, seed: UInt64? = nil, tolerance: Double? = nil,
    threshold: ThresholdRecord? = nil, flaggedTrainingShare: Double? = nil, constantFeatures: [String] = [],
    source: String? = nil
  ) {
    self.device = device
    self.sensor = sensor
    self.nu = nu
    self.trainedRows = trainedRows
    self.trainingRange = trainingRange
    self.seed = seed
    self.tolerance = tolerance
    self.threshold = threshold
    self.flaggedTrainingShare = flaggedTrainingShare
    self.constantFeatures = constantFeatures
    self.source = source
  }

  /// The fields that are set, in a fixed order and spelling.
  fileprivate var canonicalFields: [(String, String)] {
    let fields: [(String, String?)] = [
      ("device", device), ("sensor", sensor), ("nu", nu?.description), ("rows", trainedRows?.description),
      ("from", trainingRange?.lowerBound.description), ("to", trainingRange?.upperBound.description),
      ("seed", seed?.description), ("tolerance", tolerance?.description),
      ("threshold", threshold?.name), ("folds", threshold?.folds?.description),
      ("lowered", threshold?.loweredBy.description),
      ("flagged", flaggedTrainingShare?.description), ("source", source),
    ]
    return fields.compactMap { key, value in value.map { (key, $0) } }
  }
}
