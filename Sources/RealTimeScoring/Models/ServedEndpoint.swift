import HTTP
import Synchronization
import Wording

/// An endpoint as it is served now: all its deployments in memory. It does not change; the files' next state is another value, and who has
/// begun with this one ends with it.
final class ServedEndpoint: Sendable {
  let name: String
  let deployments: [ServedDeployment]
  private let shares: Mutex<TrafficShares>

  init(name: String, deployments: [ServedDeployment], shares: TrafficShares) {
    self.name = name
    self.deployments = deployments
    self.shares = Mutex(shares)
  }

  /// The header that names a deployment.
  static let deploymentHeader = "azureml-model-deployment"

  /// The deployment that a request names, or whose turn it is. Throws ``RequestFault`` where there is none.
  func deployment(_ named: String?) throws(RequestFault) -> ServedDeployment {
    if deployments.count == 1, named == nil { return deployments[0] }
    let wanted = named ?? shares.withLock { $0.next() }
    guard let deployment = deployments.first(where: { $0.name == wanted }) else {
      throw RequestFault(
        .notFound,
        "the endpoint \(name) has no deployment \(wanted.quoted); it has \(deployments.map(\.name).listed)")
    }
    return deployment
  }

  /// The deployment whose model called `model` is of `version`. Throws ``RequestFault`` where there is none.
  func deployment(ofModel model: String, version: String, _ named: String?) throws(RequestFault)
    -> ServedDeployment
  {
    let found = deployments.first { deployment in
      deployment.models[model]?.function.version == version && (named.map { $0 == deployment.name } ?? true)
    }
    guard let found else {
      throw RequestFault(.notFound, "there is no model \(model.quoted) of version \(version.quoted)")
    }
    return found
  }

  /// The names of all models that can be asked.
  var modelNames: [String] { Set(deployments.flatMap(\.models.keys)).sorted() }

  var modelCount: Int { deployments.reduce(0) { $0 + $1.models.count } }
  var brokenCount: Int { deployments.reduce(0) { $0 + $1.broken.count } }
}
