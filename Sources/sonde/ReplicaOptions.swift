import ArgumentParser
import Foundation
import RealTimeScoring

/// How many processes a service has.
struct ReplicaOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many replicas answer, each a process, behind haproxy.",
      discussion: "Debian's package haproxy is needed. A key's rate is counted by each replica for itself."))
  var replicas: Int?

  @Option(help: "How many replicas stay, at least 1; more come when they are busy, up to --max-instances.")
  var minInstances: Int?

  @Option(help: "How many replicas there are at most.")
  var maxInstances: Int?

  @Option(
    help:
      "With replicas: the folder of haproxy's configuration, the replicas' states (replicas.csv) and the logs. Default: serving in --run, else sonde-serving.",
    completion: .directory)
  var folder: String?

  var isUnused: Bool { replicas == nil && minInstances == nil && maxInstances == nil && folder == nil }

  static let standardFolder = "sonde-serving"

  /// How many replicas there are to be; nil for one process without haproxy. Throws ``ServingError`` and ``ReplicaError``.
  func scale() throws -> ReplicaScale? {
    if let replicas {
      guard minInstances == nil, maxInstances == nil else {
        throw ServingError("give either --replicas or --min-instances and --max-instances")
      }
      return replicas == 1 && folder == nil ? nil : try .fixed(replicas)
    }
    guard minInstances != nil || maxInstances != nil else {
      guard folder == nil else { throw ServingError("--folder belongs to --replicas or --max-instances") }
      return nil
    }
    return try ReplicaScale(minInstances: minInstances ?? 1, maxInstances: maxInstances ?? minInstances ?? 1)
  }
}
