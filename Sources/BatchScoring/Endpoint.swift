import Compute
import Modelling
import Wording

/// A name under which windows are scored, whatever deployment does it: the deployments that there are, the one that is
/// used where nothing else is said, and where jobs run.
///
/// The jobs of an endpoint follow each other whichever deployment they use, so a change of the default neither leaves a
/// window out nor scores one twice.
package struct Endpoint: Hashable, Sendable, Codable {
  package var name: String
  /// In the order of the file; names are different.
  package var deployments: [Deployment]
  /// The name of one of ``deployments``.
  package var defaultDeployment: String
  package var compute: ComputeSettings

  package init(
    name: String, deployments: [Deployment], defaultDeployment: String,
    compute: ComputeSettings = ComputeSettings()
  ) {
    self.name = name
    self.deployments = deployments
    self.defaultDeployment = defaultDeployment
    self.compute = compute
  }

  /// The deployment called `name`, or the default one. Throws ``ScoringError`` where there is none.
  package func deployment(_ name: String? = nil) throws(ScoringError) -> Deployment {
    let wanted = name ?? defaultDeployment
    guard let deployment = deployments.first(where: { $0.name == wanted }) else {
      throw ScoringError(
        "the endpoint \(self.name) has no deployment \(wanted.quoted); it has "
          + deployments.map(\.name).joined(separator: ", "))
    }
    return deployment
  }
}
