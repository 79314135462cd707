import Files
import Modelling

/// Why a job cannot begin: what its deployment scores with is not there.
struct DetectorError: Error {
  let reason: String
}

extension Deployment {
  /// The one of `folder` without an endpoint: its models, and what they see. Throws ``ScoringError`` where there are none.
  package static func ofModels(in folder: RunFolder) throws -> Deployment {
    guard let layout = try ModelLayout.known(of: folder) else {
      throw ScoringError(
        "\(folder.models) holds no models that were trained here, and none whose features are named as Sonde does; "
          + "run “sonde train” first")
    }
    return Deployment(layout: layout, model: try TrainingSetup.read(folder)?.settings ?? ModelSettings())
  }

  /// Makes ready what the deployment scores with, for all workers of a job: the interpreter of a script, and its version. Nil for
  /// one-class SVMs, of which a job needs to know nothing. Throws ``DetectorError``.
  ///
  /// - Parameters:
  ///   - folder: With the models of this deployment.
  ///   - report: Is told what takes long.
  func scriptSetup(in folder: RunFolder, report: @escaping @Sendable (String) -> Void)
    async throws(DetectorError)
    -> ScriptSetup?
  {
    guard let script else { return nil }
    do {
      if let fault = script.fault { throw ScoringError(fault) }
      guard script.input != .raw else {
        throw ScoringError(
          "the script of the deployment \(name) takes bodies of requests (input: raw); “sonde serve” runs it, and no job does"
        )
      }
      let python = try await PythonEnvironment(report: report).interpreter(of: script)
      return try ScriptSetup(
        script, python: python, layout: layout, models: folder.models, runSeconds: taskTimeoutSeconds)
    } catch {
      throw DetectorError(reason: "\(error)")
    }
  }

  /// Trains what it scores with.
  ///
  /// - Parameters:
  ///   - folder: With the models of this deployment.
  ///   - threads: How many devices are trained at a time.
  ///   - isStopped: Whether a script is to be stopped that trains.
  ///   - report: Is told what takes long.
  package func trainer(
    in folder: RunFolder, threads: Int, isStopped: @escaping @Sendable () -> Bool = { false },
    report: @escaping @Sendable (String) -> Void
  ) -> any DetectorTrainer {
    guard let script else {
      return Trainer(folder: folder, layout: layout, settings: model, threads: threads)
    }
    return ScriptTrainer(
      folder: folder, script: script, layout: layout, environment: PythonEnvironment(report: report),
      log: folder.log("train-\(name)"), isStopped: isStopped)
  }
}
