import BatchScoring
import Documents
import Files
import Modelling
import Wording

/// The deployments with which a scenario scores, where it takes them from an endpoint file.
package struct ScenarioDeployments: Hashable, Sendable {
  /// The default one of the endpoint: the scheduled jobs are its.
  package let scheduled: Deployment
  /// Those that are held against each other on the same windows, in the order of the scenario; empty where it compares none.
  package let compared: [Deployment]

  /// Those that score when the scheduled jobs are over.
  package var trials: [Deployment] { compared.filter { $0.name != scheduled.name } }
}

extension ScenarioDecoder {
  /// The deployments of the endpoint file that the scenario names; nil where it names none, or something is wrong.
  func deployments(_ reader: MappingReader, seed: UInt64) -> ScenarioDeployments? {
    guard let name = reader.text("endpoint") else { return nil }
    refuseDoubleSettings(reader)
    do {
      let document = try EndpointDocument.load(resolved(name, reader.location(of: "endpoint")))
      let names = document.endpoint.deployments.map(\.name)
      var compared: [String] = []
      for node in reader.list("compare") ?? [] {
        guard let name = MappingReader.choice(node, "compare", names, diagnostics) else { continue }
        if compared.contains(name) {
          diagnostics.add(node.location, "compare: \(name.quoted) is given twice")
        } else {
          compared.append(name)
        }
      }
      let standard = document.endpoint.defaultDeployment
      if !compared.isEmpty, !compared.contains(standard) { compared.insert(standard, at: 0) }
      func deployment(_ name: String) throws -> Deployment {
        let found = try document.endpoint.deployment(name)
        // What was trained elsewhere says itself what it sees.
        var deployment = try document.deployment(
          name, in: RunFolder("/", models: found.models), trains: found.models == nil)
        deployment.model.seed = seed
        return deployment
      }
      return try ScenarioDeployments(scheduled: deployment(standard), compared: compared.map(deployment))
    } catch {
      diagnostics.add(reader.location(of: "endpoint"), "endpoint: \(error)")
      return nil
    }
  }

  /// What an endpoint's deployments say, the scenario does not say too.
  private func refuseDoubleSettings(_ reader: MappingReader) {
    let double = [
      "model": ["per", "features", "nu", "gamma", "kernel", "threshold"],
      "scoring": ["mini_batch_size", "error_threshold", "retry_settings"],
    ]
    for (section, keys) in double.sorted(by: { $0.key < $1.key }) {
      guard case .mapping(let entries) = reader.node(section)?.content else { continue }
      for entry in entries where keys.contains(entry.key) {
        diagnostics.add(
          entry.location, "\(entry.key): with an “endpoint”, its deployments say this; put it there")
      }
    }
  }
}
