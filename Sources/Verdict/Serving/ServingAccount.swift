import Files
import HTTPLoad
import Telemetry

/// What became of the scoring service of a run and of the load on it. Part of `account.json`.
package struct ServingAccount: Sendable, Codable {
  /// One service and one load on it.
  package struct Trial: Sendable, Codable {
    /// Replicas that stayed, those that could come, and the most that were there at a time.
    package var minReplicas: Int
    package var maxReplicas: Int
    package var mostReplicas: Int
    package var rowsPerRequest: Int
    /// How many requests could be under way at a time; nil in accounts of versions that did not say.
    package var connections: Int?
    package var report: LoadReport

    package init(
      minReplicas: Int, maxReplicas: Int, mostReplicas: Int, rowsPerRequest: Int, connections: Int? = nil,
      report: LoadReport
    ) {
      self.connections = connections
      self.minReplicas = minReplicas
      self.maxReplicas = maxReplicas
      self.mostReplicas = mostReplicas
      self.rowsPerRequest = rowsPerRequest
      self.report = report
    }

    /// Such as “2 replicas, 50 rows a request”.
    package var name: String { Self.name(minReplicas, maxReplicas, rowsPerRequest) }

    /// As ``name``, of a trial that has not been run yet.
    package static func name(_ fewest: Int, _ most: Int, _ rows: Int) -> String {
      let replicas = fewest == most ? "\(most)" : "\(fewest) to \(most)"
      return
        "\(replicas) \(most == 1 ? "replica" : "replicas"), \(rows) \(rows == 1 ? "row" : "rows") a request"
    }
  }

  /// In the order in which they were run.
  package var trials: [Trial]

  package init(_ trials: [Trial]) { self.trials = trials }

  /// Why nothing may be concluded: a load that was not the planned one. Nil where every load was.
  package var missed: String? {
    for trial in trials {
      if let missed = trial.report.missed { return "serving, \(trial.name): \(missed)" }
    }
    return nil
  }
}
