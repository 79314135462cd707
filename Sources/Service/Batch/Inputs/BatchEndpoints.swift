import BatchScoring
import Compute
import Files
import HTTP
import Modelling
import Scenario
import Wording

/// The endpoints of a server. An endpoint file is read anew for each job, so that a change of its default shows in the next one.
package struct BatchEndpoints: Sendable {
  /// What a job scores with.
  package struct Choice: Hashable, Sendable {
    package var deployment: Deployment
    package var compute: ComputeSettings
  }

  /// Endpoint files by the name of their endpoint; empty where each run's own models are served.
  private let files: [String: String]
  /// What runs on where there is no endpoint file.
  private let compute: ComputeSettings

  /// - Parameter files: Endpoint files; without one there is the endpoint ``BatchDefaults/endpoint``, with the models of each run. Throws
  ///   ``ScoringError`` where two have the same name, and as `EndpointDocument.load` does.
  package init(files: [String], compute: ComputeSettings = ComputeSettings()) throws {
    var byName: [String: String] = [:]
    for path in files {
      let document = try EndpointDocument.load(path)
      guard byName.updateValue(document.path, forKey: document.endpoint.name) == nil else {
        throw ScoringError("two endpoint files have an endpoint \(document.endpoint.name.quoted)")
      }
    }
    self.files = byName
    self.compute = compute
  }

  package var names: [String] { files.isEmpty ? [BatchDefaults.endpoint] : files.keys.sorted() }

  /// Throws ``RequestFault`` with 404 where there is no endpoint called `name`.
  func check(_ name: String) throws(RequestFault) {
    guard names.contains(name) else {
      throw RequestFault(.notFound, "there is no endpoint \(name.quoted); there are \(names.listed)")
    }
  }

  /// The deployments of an endpoint, and which one is the default. Throws ``RequestFault``.
  func deployments(of name: String) throws(RequestFault) -> (all: [String], standard: String) {
    try check(name)
    guard files[name] != nil else { return ([Deployment().name], Deployment().name) }
    let endpoint = try document(name).endpoint
    return (endpoint.deployments.map(\.name), endpoint.defaultDeployment)
  }

  /// The models of a deployment, before it is known what it scores; nil where it says nothing of them.
  func models(of name: String, deployment: String?) throws(RequestFault) -> String? {
    guard files[name] != nil else { return nil }
    return try named(deployment, in: try document(name)).models
  }

  /// What scores the input of a job: a run, or plain files.
  func choice(_ name: String, deployment: String?, for input: ResolvedInput) throws(RequestFault) -> Choice {
    guard files[name] != nil else {
      if let deployment, deployment != Deployment().name { throw Self.missing(deployment, in: name) }
      guard case .run(let folder) = input else { return Choice(deployment: Deployment(), compute: compute) }
      return Choice(
        deployment: try Self.asFault { try Deployment.ofModels(in: RunFolder(folder)) }, compute: compute)
    }
    let document = try document(name)
    let named = try named(deployment, in: document)
    guard case .run(let folder) = input else {
      guard named.script == nil else {
        throw RequestFault("the deployment \(named.name) has a scoring script, and scores runs alone")
      }
      return Choice(deployment: named, compute: document.endpoint.compute)
    }
    let found = try Self.asFault { try document.deployment(named.name, in: RunFolder(folder)) }
    return Choice(deployment: found, compute: document.endpoint.compute)
  }

  private func document(_ name: String) throws(RequestFault) -> EndpointDocument {
    guard let path = files[name] else { throw RequestFault(.notFound, "there is no endpoint \(name.quoted)") }
    do {
      return try EndpointDocument.load(path)
    } catch {
      throw RequestFault(.internalError, "the file of the endpoint \(name.quoted) cannot be used: \(error)")
    }
  }

  private func named(_ deployment: String?, in document: EndpointDocument) throws(RequestFault) -> Deployment
  {
    do throws(ScoringError) {
      return try document.endpoint.deployment(deployment)
    } catch {
      throw Self.missing(deployment ?? "", in: document.endpoint.name)
    }
  }

  private static func missing(_ deployment: String, in endpoint: String) -> RequestFault {
    RequestFault("the endpoint \(endpoint.quoted) has no deployment \(deployment.quoted)")
  }

  private static func asFault<Value>(_ body: () throws -> Value) throws(RequestFault) -> Value {
    do {
      return try body()
    } catch {
      throw RequestFault("\(error)")
    }
  }
}
