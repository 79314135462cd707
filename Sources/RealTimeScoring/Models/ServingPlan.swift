import Modelling
import Wording

/// What is to be served: an endpoint with its deployments, each with models in a folder or a scoring script. Paths are absolute.
package struct ServingPlan: Hashable, Sendable {
  package struct Deployment: Hashable, Sendable {
    /// What it scores with.
    package enum Source: Hashable, Sendable {
      /// The one-class SVMs in a folder.
      case models(folder: String)
      /// A script of an online endpoint, `init()` and `run(raw_data)`, and its interpreter; nil for a program of its own.
      case script(ScoringScript, python: String?)
      /// A script that jobs run too, or a model without one, which scores windows: with its interpreter, its layout, and the folder in which
      /// it has trained its own model.
      case windowScript(ScoringScript, python: String?, ModelLayout, models: String)
    }

    package var name: String
    package var source: Source
    package var limits: RequestLimits

    package init(name: String, source: Source, limits: RequestLimits = RequestLimits()) {
      self.name = name
      self.source = source
      self.limits = limits
    }
  }

  /// The endpoint's name.
  package var name: String
  package var deployments: [Deployment]
  /// The name of the deployment that requests go to which name none, where there are no shares.
  package var defaultDeployment: String
  /// Shares of the traffic, in percent, by deployment; nil where all goes to the default.
  package var traffic: [String: Int]?

  package init(
    name: String, deployments: [Deployment], defaultDeployment: String, traffic: [String: Int]? = nil
  ) {
    self.name = name
    self.deployments = deployments
    self.defaultDeployment = defaultDeployment
    self.traffic = traffic
  }

  /// The models in a folder, without an endpoint file.
  package static func models(in folder: String, name: String = "models") -> ServingPlan {
    ServingPlan(
      name: name, deployments: [Deployment(name: "default", source: .models(folder: folder))],
      defaultDeployment: "default")
  }

  var shares: TrafficShares {
    TrafficShares(
      traffic.map { traffic in deployments.map { ($0.name, traffic[$0.name] ?? 0) } }
        ?? [(defaultDeployment, 1)])
  }
}

/// Why an endpoint cannot be served.
package struct ServingError: ExitingError, Hashable {
  package let description: String
  package let exitStatus: ExitStatus

  package init(_ description: String, exitStatus: ExitStatus = .usage) {
    self.description = description
    self.exitStatus = exitStatus
  }
}
