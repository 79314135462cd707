import Files
import Foundation
import Modelling
import OneClassSVM
import Wording

/// Reads what an endpoint is served with, and reads again what has changed. Used from one thread.
package final class ModelLoader {
  private let report: (String) -> Void
  private let queued: Int
  private let scriptLog: @Sendable ([UInt8]) -> Void
  /// What was read last, by deployment.
  private var loaded: [ServingPlan.Deployment: Loaded] = [:]

  /// The states of the files when they were looked at last, whatever came of that: what could not be taken over is tried again when
  /// something changes, and not before.
  private var looked: [ServingPlan.Deployment: FileStates] = [:]

  private struct Loaded {
    /// As the files were before they were read.
    var states: FileStates
    var deployment: ServedDeployment
  }

  /// - Parameters:
  ///   - report: Is told what a person should know, a sentence each.
  ///   - queued: How many requests may wait for a script.
  ///   - scriptLog: Takes what scripts print, as bytes.
  package init(
    queued: Int = ServingDefaults.queuedRequests, report: @escaping (String) -> Void = { _ in },
    scriptLog: @escaping @Sendable ([UInt8]) -> Void = { _ in }
  ) {
    self.queued = queued
    self.report = report
    self.scriptLog = scriptLog
  }

  /// The endpoint as its files are now. Throws ``ServingError``, `FileError` and ``ScoringError`` where it cannot be served at all: a
  /// deployment has no model that can be read.
  func endpoint(_ plan: ServingPlan) throws -> ServedEndpoint {
    looked = [:]
    for deployment in plan.deployments { looked[deployment] = FileStates(of: deployment) }
    var next: [ServingPlan.Deployment: Loaded] = [:]
    for deployment in plan.deployments {
      let states = looked[deployment] ?? FileStates(of: deployment)
      // What is as it was is not read again.
      if let before = loaded[deployment], before.states == states {
        next[deployment] = before
        continue
      }
      switch deployment.source {
      case .models(let folder):
        next[deployment] = Loaded(
          states: states,
          deployment: try models(deployment, folder, loaded[deployment]?.deployment))
      case .script(let script, let python):
        next[deployment] = Loaded(
          states: states, deployment: try scripts(deployment, script, python))
      case .windowScript(let script, let python, let layout, let models):
        let scripts = try WindowScripts(
          script, name: deployment.name, python: python, layout: layout, models: models,
          limits: deployment.limits, queued: queued, log: scriptLog)
        next[deployment] = Loaded(
          states: states,
          deployment: ServedDeployment(
            name: deployment.name, models: [:], windowScript: scripts, limits: deployment.limits))
      }
    }
    loaded = next
    return ServedEndpoint(
      name: plan.name, deployments: plan.deployments.compactMap { next[$0]?.deployment },
      shares: plan.shares)
  }

  /// Whether files have changed since they were looked at last.
  package func hasChanged(_ plan: ServingPlan) -> Bool {
    plan.deployments.contains { looked[$0] != FileStates(of: $0) }
  }

  private func models(
    _ deployment: ServingPlan.Deployment, _ folder: String, _ before: ServedDeployment?
  ) throws -> ServedDeployment {
    // Where the folder is that of a run whose training was cut short, its models are of two trainings.
    if (folder as NSString).lastPathComponent == "models" {
      try RunFolder((folder as NSString).deletingLastPathComponent).refuseUnfinishedTraining()
    }
    let cache = ModelCache(limit: 0)
    cache.begin(folder: folder)
    var models: [String: ServedModel] = [:]
    var broken: [String: String] = [:]
    for stem in try ModelFile.stems(in: folder) {
      let stamp = ModelFile.Stamp(folder: folder, stem: stem)
      let name = Self.name(ofStem: stem)
      let old = before?.models[name]
      if let old, old.stamp == stamp {
        models[name] = old
        continue
      }
      do {
        models[name] = ServedModel(
          name: name, function: try cache.decisionFunction(folder: folder, stem: stem), stamp: stamp)
      } catch {
        // The one before goes on, with the state of files that it was read from: the next change is tried again.
        models[name] = old
        if old == nil { broken[name] = "\(error)" }
        report(
          "deployment \(deployment.name): the model \(name) cannot be read"
            + (old == nil ? ", and is not served" : "; the one before it goes on") + ": \(error)")
      }
    }
    guard !models.isEmpty else {
      throw ServingError(
        "deployment \(deployment.name): no model in \(folder) can be read"
          + (broken.first.map { "; \($0.key): \($0.value)" } ?? ", because there is none"))
    }
    return ServedDeployment(
      name: deployment.name, models: models, broken: broken, limits: deployment.limits)
  }

  /// The device's name; the stem where the model is of one sensor.
  private static func name(ofStem stem: String) -> String {
    guard let owner = ModelFile.owner(ofStem: stem), owner.sensor == nil else { return stem }
    return owner.device
  }

  private func scripts(
    _ deployment: ServingPlan.Deployment, _ script: ScoringScript, _ python: String?
  ) throws -> ServedDeployment {
    let scripts = try OnlineScripts(
      script, name: deployment.name, python: python, limits: deployment.limits, queued: queued, log: scriptLog
    )
    return ServedDeployment(
      name: deployment.name, models: [:], script: scripts, limits: deployment.limits)
  }
}
