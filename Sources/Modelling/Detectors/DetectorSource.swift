import Telemetry

/// Makes the detectors of a worker's jobs, and keeps what the next one needs too: models that were read, the process of a script. Used
/// from one thread.
package final class DetectorSource {
  private let models: ModelCache
  private let scripts: ScriptRunner

  /// - Parameters:
  ///   - keptModels: How many one-class SVMs are kept.
  ///   - log: Takes what scripts print, as bytes.
  package init(keptModels: Int = 0, log: @escaping ([UInt8]) -> Void = { _ in }) {
    models = ModelCache(limit: keptModels)
    scripts = ScriptRunner(log: log)
  }

  /// The detector of a job.
  ///
  /// - Parameters:
  ///   - folder: Of its one-class SVMs.
  ///   - script: The script that it scores with; nil for one-class SVMs.
  ///   - scratch: A folder for files that are needed for the time of a task.
  package func detector(models folder: String, layout: ModelLayout, script: ScriptSetup?, scratch: String)
    -> any Detector
  {
    guard let script else { return OneClassDetector(folder: folder, layout: layout, models: models) }
    scripts.beginJob()
    return ScriptDetector(script, scope: layout.per, runner: scripts, scratch: scratch)
  }
}
