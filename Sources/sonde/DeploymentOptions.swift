import ArgumentParser
import BatchScoring
import Modelling

/// The option that changes a deployment for one job.
struct DeploymentOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Changes a setting of the deployment, such as error_threshold=100; can be repeated.",
      discussion: """
        Settings: \(DeploymentSetting.allCases.map(\.rawValue).joined(separator: ", ")); and of the compute target, as in an \
        endpoint file: compute=slurm, compute.local.nodes=4 and the like, which --compute, --nodes and the others say as well.
        """))
  var overrides: [String] = []

  /// Those of the compute target, and those of the deployment.
  private var ofCompute: [String] { overrides.filter { $0.prefixMatch(of: /compute[.=]/) != nil } }
  private var ofDeployment: [String] { overrides.filter { $0.prefixMatch(of: /compute[.=]/) == nil } }

  /// `options` with what the overrides say of the compute target. Throws ``ScoringError``.
  func applied(to options: ComputeOptions) throws(ScoringError) -> ComputeOptions {
    var options = options
    for override in ofCompute { try options.set(override) }
    return options
  }

  /// - Parameter trains: Whether models will be trained with it.
  func apply(to deployment: inout Deployment, trains: Bool = false) throws(ScoringError) {
    try deployment.set(ofDeployment, trains: trains)
  }
}
