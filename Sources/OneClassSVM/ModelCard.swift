import Files
import Foundation

/// The JSON beside a LIBSVM model. Foreign files have `device`, `sensor`, `scaler`, `nu`, `trained_samples` and
/// `source_sklearn`; the rest is Sonde's. Keys that are not known are ignored.
struct ModelCard: Codable {
  var device: Name?
  var sensor: Name?
  var features: [String]?
  var scaler: ScalerValues?
  var nu: Double?
  var trainedSamples: Int?
  var trainingFromMs: Int64?
  var trainingToMs: Int64?
  var seed: UInt64?
  var tolerance: Double?
  var threshold: String?
  var thresholdFolds: Int?
  var rhoLoweredBy: Double?
  var flaggedTrainingShare: Double?
  var constantFeatures: [String]?
  var source: String?
  var sourceSklearn: String?
  var version: String?
  var modelSHA256: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case device, sensor, features, scaler, nu, seed, tolerance, threshold, source, version
    case trainedSamples = "trained_samples"
    case trainingFromMs = "training_from_ms"
    case trainingToMs = "training_to_ms"
    case thresholdFolds = "threshold_folds"
    case rhoLoweredBy = "rho_lowered_by"
    case flaggedTrainingShare = "flagged_training_share"
    case constantFeatures = "constant_features"
    case sourceSklearn = "source_sklearn"
    case modelSHA256 = "model_sha256"
  }

  struct ScalerValues: Codable {
    var mean: [Double]
    var scale: [Double]
  }

  /// An identifier. Foreign files write those that are numbers without quotes.
  struct Name: Codable {
    let text: String

    init(_ text: String) { self.text = text }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        text = "\(number)"
      } else {
        text = try container.decode(String.self)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    }
  }

  /// An empty one.
  init() {}

  init(_ model: OneClassModel, modelDigest: String) {
    let metadata = model.metadata
    device = metadata.device.map(Name.init)
    sensor = metadata.sensor.map(Name.init)
    features = model.featureNames
    scaler = model.scaler.map { ScalerValues(mean: $0.mean, scale: $0.scale) }
    nu = metadata.nu
    trainedSamples = metadata.trainedRows
    trainingFromMs = metadata.trainingRange?.lowerBound
    trainingToMs = metadata.trainingRange?.upperBound
    seed = metadata.seed
    tolerance = metadata.tolerance
    threshold = metadata.threshold?.name
    thresholdFolds = metadata.threshold?.folds
    rhoLoweredBy = metadata.threshold?.loweredBy
    flaggedTrainingShare = metadata.flaggedTrainingShare
    constantFeatures = metadata.constantFeatures.isEmpty ? nil : metadata.constantFeatures
    source = metadata.source
    version = model.version
    modelSHA256 = modelDigest
  }

  /// Throws ``ModelError`` that says which key is wrong.
  init(decoding bytes: [UInt8], path: String) throws(ModelError) {
    if let scanned = ModelCardScanner.scan(bytes) {
      self = scanned
      return
    }
    do {
      self = try JSONDecoder().decode(ModelCard.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw ModelError(path: path, reason: error.reason)
    } catch {
      throw ModelError(path: path, reason: "the file is not JSON: \(error.localizedDescription)")
    }
  }

  func encoded() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// nil where the file has none: raw rows go into the kernel.
  func checkedScaler(path: String) throws(ModelError) -> Scaler? {
    guard let scaler else { return nil }
    guard scaler.mean.count == scaler.scale.count else {
      throw ModelError(
        path: path,
        reason: "scaler.mean has \(scaler.mean.count) values, but scaler.scale \(scaler.scale.count)")
    }
    guard (1...ModelLimits.features).contains(scaler.mean.count) else {
      throw ModelError(
        path: path,
        reason:
          "scaler.mean has \(scaler.mean.count) values; it must be between 1 and \(ModelLimits.features)")
    }
    if let features, features.count != scaler.mean.count {
      throw ModelError(
        path: path, reason: "\(features.count) features, but a scaler of \(scaler.mean.count)")
    }
    return Scaler(mean: scaler.mean, scale: scaler.scale)
  }

  /// What keeps a number from being one that a training can have had; nil where all are sound. What is not known is
  /// no fault.
  private var fault: String? {
    if let nu, let fault = Nu.fault(nu) { return fault }
    if let trainedSamples, trainedSamples < 1 {
      return "trained_samples is \(trainedSamples); it must be at least 1"
    }
    if let tolerance, !(tolerance.isFinite && tolerance > 0) {
      return "tolerance is \(tolerance); it must be above 0"
    }
    if let share = flaggedTrainingShare, !(0...1).contains(share) {
      return "flagged_training_share is \(share); it must be between 0 and 1"
    }
    return nil
  }

  func metadata(path: String) throws(ModelError) -> ModelMetadata {
    if let fault { throw ModelError(path: path, reason: fault) }
    var range: ClosedRange<Int64>?
    switch (trainingFromMs, trainingToMs) {
    case (nil, nil): break
    case (let from?, let to?) where from <= to: range = from...to
    default:
      throw ModelError(path: path, reason: "training_from_ms and training_to_ms are not a range of time")
    }
    if let features, !(1...ModelLimits.features).contains(features.count) {
      throw ModelError(
        path: path, reason: "\(features.count) features; there must be between 1 and \(ModelLimits.features)")
    }
    return ModelMetadata(
      device: device?.text, sensor: sensor?.text, nu: nu, trainedRows: trainedSamples, trainingRange: range,
      seed: seed, tolerance: tolerance,
      threshold: threshold.map {
        ThresholdRecord(name: $0, folds: thresholdFolds, loweredBy: rhoLoweredBy ?? 0)
      },
      flaggedTrainingShare: flaggedTrainingShare,
      constantFeatures: constantFeatures ?? [], source: source ?? sourceSklearn.map { "scikit-learn \($0)" })
  }
}
