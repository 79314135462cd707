import HTTPLoad
import RealTimeScoring
import Telemetry

/// The scoring service of a run, and the load that it is put under, as `serving` says them.
package struct ServingSettings: Hashable, Sendable {
  /// What a request carries.
  package enum Content: Hashable, Sendable {
    /// Windows of the run, as its models are given them.
    case windows
    /// Rows that are made up, with so many features.
    case features(Int)
    /// The file at this path, as it is.
    case file(String)
  }

  /// One service and one load on it: an entry of the report's sweep.
  package struct Trial: Hashable, Sendable {
    package var scale: ReplicaScale
    package var rowsPerRequest: Int
    /// How many requests can be under way at a time.
    package var connections = HTTPLoadDefaults.connections
    package var plan: ArrivalPlan
  }

  /// The endpoint file that is served; nil: the run's models.
  package var endpoint: String?
  /// The folder of the models where there is no endpoint file; nil: the run's own.
  package var models: String?
  /// How many long requests a replica answers at a time, and how many may wait in it; nil: as the service has it.
  package var threads: Int?
  package var queue: Int?
  package var content = Content.windows
  package var spoken = ScoringProtocol.oip
  package var isBinary = false
  package var timeout = HTTPLoadDefaults.timeout
  /// Whether trials differ in their connections.
  package var variesConnections: Bool { Set(trials.map(\.connections)).count > 1 }
  /// In the order in which they are run: for each number of replicas, each number of rows, and of connections.
  package var trials: [Trial] = []

  /// Whether haproxy stands before the replicas. Where it stands before several it stands before a single one too, so that what is
  /// compared differs in the replicas alone.
  package var needsHAProxy: Bool { trials.contains { $0.scale.maxInstances > 1 } }

  /// The most trials of a scenario: more take hours and fill no table that anybody reads.
  package static let mostTrials = 64
}
