import BatchScoring
import Documents
import Files
import Modelling
import RealTimeScoring
import Wording

// What an endpoint file says of a scoring service.

extension EndpointDocument {
  /// The longest time that a deployment gives a request.
  package var longestRequestTimeout: Duration {
    endpoint.deployments.map {
      Duration.seconds((requestLimits[$0.name] ?? RequestLimits()).requestTimeoutSeconds)
    }.max() ?? .zero
  }

  /// The endpoint as a service serves it. Throws ``ScoringError`` where a deployment cannot be served.
  ///
  /// - Parameters:
  ///   - run: Whose models a deployment has that says nothing of its own; nil where there is none.
  ///   - interpreter: Finds the interpreter of a script, and makes its environment.
  package func servingPlan(
    run: RunFolder?, interpreter: (ScoringScript) async throws -> String?
  ) async throws -> ServingPlan {
    var served: [ServingPlan.Deployment] = []
    for deployment in endpoint.deployments {
      let source: ServingPlan.Deployment.Source
      if let script = deployment.script {
        let python = try await interpreter(script)
        // A script that trains its own model has done so in a run.
        let models = run?.with(modelsOf: deployment).models ?? script.modelFolder ?? ""
        source =
          script.input == .raw
          ? .script(script, python: python)
          : .windowScript(script, python: python, deployment.layout, models: models)
      } else if let folder = deployment.models ?? run?.models {
        source = .models(folder: folder)
      } else {
        throw ScoringError(
          "\(path): the deployment \(deployment.name) does not say where its models are; say “models: FOLDER”, or give --run with "
            + "the folder of a run")
      }
      served.append(
        ServingPlan.Deployment(
          name: deployment.name, source: source, limits: requestLimits[deployment.name] ?? RequestLimits()))
    }
    return ServingPlan(
      name: endpoint.name, deployments: served, defaultDeployment: endpoint.defaultDeployment,
      traffic: traffic)
  }
}

extension MappingReader {
  /// The shares of the traffic, each of one of `deployments`; 100 in all.
  func traffic(among deployments: [String]) -> [String: Int]? {
    guard let node = node("traffic"), case .mapping(let entries) = node.content else { return nil }
    var shares: [String: Int] = [:]
    for entry in entries {
      guard deployments.contains(entry.key) else {
        diagnostics.add(
          entry.location,
          "traffic: the endpoint has no deployment \(entry.key.quoted); it has \(deployments.listed)")
        continue
      }
      shares[entry.key] = entry.value.wholeNumber.flatMap(Int.init(exactly:))
    }
    let sum = shares.values.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    if shares.count == entries.count, sum != 100 {
      diagnostics.add(node.location, "traffic: the shares are \(sum)% in all, and must be 100%")
    }
    return shares
  }

  /// What a deployment says of the bounds of requests; nil where it says nothing.
  func requestLimits() -> RequestLimits? {
    guard let section = mapping("request_settings") else { return nil }
    var limits = RequestLimits()
    if let milliseconds = section.wholeNumber("request_timeout_ms") {
      limits.requestTimeoutSeconds = Double(milliseconds) / 1000
    }
    if let milliseconds = section.wholeNumber("max_queue_wait_ms") {
      limits.maxQueueWaitSeconds = Double(milliseconds) / 1000
    }
    if let count = section.wholeNumber("max_concurrent_requests_per_instance") {
      limits.maxConcurrentRequests = count
    }
    return limits
  }
}
