import Modelling
import RealTimeScoring
import StreamScoring
import Telemetry

/// Scoring inside the stream, as `stream_scoring` says it, and the service that does it, as `serving` does.
package struct StreamScoringSettings: Hashable, Sendable {
  package var maxBatchCount = StreamDefaults.maxBatchCount
  package var parallelRequests = StreamDefaults.parallelRequests
  package var fatalCodes = FatalCodes.text2022
  /// How many replicas there are; nil: one.
  package var scale: ReplicaScale?
  /// The endpoint file that is served; nil: the models.
  package var endpoint: String?
  /// The name under which the service takes rows of many devices.
  package var model = "models"
  /// The folder of the models; nil: the run's own.
  package var models: String?
  /// Where a script scores: what a score is of.
  package var script: ModelScope?
  /// Whether the models are trained in the run, so that the service waits for them.
  package var awaitsTraining = false
  package var threads: Int?
  package var queue: Int?
  /// Whether faults hit replicas or haproxy, so that both must be there.
  package var isBroken = false

  package init() {}

  /// Whether haproxy stands before the replicas.
  package var needsHAProxy: Bool { (scale?.maxInstances ?? 1) > 1 || isBroken }
}
