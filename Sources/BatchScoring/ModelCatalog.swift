import Files
import Foundation
import OneClassSVM
import Telemetry

/// What the models of a run's folder were trained on, and what came of it: `models/training.json`. It is written last,
/// so where it is there, training is complete.
public struct TrainingRecord: Hashable, Sendable, Codable {
  /// One trained model.
  public struct Model: Hashable, Sendable, Codable {
    public var device: DeviceID
    public var sensor: SensorID?
    public var version: String
    public var rows: Int
    public var supportVectors: Int
    public var warnings: [String]

    public init(
      device: DeviceID, sensor: SensorID?, version: String, rows: Int, supportVectors: Int,
      warnings: [String] = []
    ) {
      self.device = device
      self.sensor = sensor
      self.version = version
      self.rows = rows
      self.supportVectors = supportVectors
      self.warnings = warnings
    }

    public var key: ModelKey { ModelKey(device: device, sensor: sensor) }
  }

  /// One that could not be trained.
  public struct Failure: Hashable, Sendable, Codable {
    public var device: DeviceID
    public var sensor: SensorID?
    public var reason: String

    public var key: ModelKey { ModelKey(device: device, sensor: sensor) }
  }

  public var range: TrainingRange
  public var layout: ModelLayout
  public var settings: ModelSettings
  public var models: [Model]
  public var failures: [Failure]

  public init(
    range: TrainingRange, layout: ModelLayout, settings: ModelSettings, models: [Model] = [],
    failures: [Failure] = []
  ) {
    self.range = range
    self.layout = layout
    self.settings = settings
    self.models = models
    self.failures = failures
  }

  /// Writes it to `path`, in place of an older one.
  public func write(to path: String) throws { try JSONFile.write(self, to: path) }

  /// The record at `path`; nil where there is none.
  public static func read(_ path: String) throws -> TrainingRecord? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try JSONFile.read(TrainingRecord.self, path)
  }

  /// What a deployment takes over from training.
  public struct Setup: Decodable, Sendable {
    public var layout: ModelLayout
    public var settings: ModelSettings
  }

  /// The part of the record at `path` that a deployment needs, without its models, of which there may be thousands; nil
  /// where there is none.
  public static func setup(_ path: String) throws -> Setup? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try JSONFile.read(Setup.self, path)
  }

  /// Support vectors of all models of each device, of the record at `path`; none where there is none.
  static func supportVectors(_ path: String) throws -> [DeviceID: Int] {
    struct Sizes: Decodable {
      struct Model: Decodable {
        enum CodingKeys: String, CodingKey {
          case device
          case supportVectors = "support_vectors"
        }

        var device: DeviceID
        var supportVectors: Int
      }

      var models: [Model]
    }

    guard FileManager.default.fileExists(atPath: path) else { return [:] }
    return try JSONFile.read(Sizes.self, path, namesItsKeys: true).models
      .reduce(into: [:]) { $0[$1.device, default: 0] += $1.supportVectors }
  }
}

enum ModelCatalog {
  /// Support vectors of all models of each device; none where that is not known.
  static func supportVectors(of folder: RunFolder) throws -> [DeviceID: Int] {
    // Of a large fleet, the training record takes longer to read than all the rest of a plan.
    try ModelPack(models: folder.models)?.supportVectors()
      ?? TrainingRecord.supportVectors(folder.trainingRecord)
  }

  static func exists(_ stem: String, in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(stem).model")
  }
}
