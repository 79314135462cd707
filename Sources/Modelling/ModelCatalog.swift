import Files
import Foundation
import Telemetry

/// The models that are in a folder.
package enum ModelCatalog {
  /// Support vectors of all models of each device; none where that is not known.
  package static func supportVectors(of folder: RunFolder) throws -> [DeviceID: Int] {
    // Of a large fleet, the list of models takes longer to read than all the rest of a plan.
    try ModelPack(models: folder.models)?.supportVectors() ?? TrainingRecord.supportVectors(of: folder)
  }

  package static func exists(_ stem: String, in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(stem).model")
  }
}
