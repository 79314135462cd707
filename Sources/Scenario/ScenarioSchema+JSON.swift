import BatchScoring
import Compute
import DeviceFleet
import Foundation
import Modelling
import OneClassSVM

extension ScenarioSchema {
  static let anomalyKinds = AnomalyCatalogue.kinds.map { $0.name }
  static let transportKinds = TransportCatalogue.kinds.map { $0.name }
  static let timeFormats = ReplayRecipe.TimeFormat.allCases.map(\.rawValue)
  static let granularities = ModelScope.allCases.map(\.rawValue)
  static let features = Aggregate.allCases.map(\.rawValue)
  static let kernels = KernelFamily.allCases.map(\.rawValue)
  static let thresholds = Threshold.names
  static let computeTargets = ComputeSettings.Kind.allCases.map(\.rawValue)
  static let outputActions = OutputAction.allCases.map(\.rawValue)
  static let loggingLevels = LoggingLevel.allCases.map(\.rawValue)
  static let gammas = ["scale", "auto"]

  /// The text of `Scenarios/scenario.schema.json`.
  package static func json() throws -> String {
    try scenario.jsonSchema(title: "Sonde scenario", definitions: [signal])
  }

  /// Every key's path, such as `fleet[].sensors.*.unit`.
  package static var paths: [String] { scenario.paths }
}
