import Supervision

/// How a replica came to its end.
package enum ReplicaEnd: Hashable, Sendable {
  case exit(ServiceExit)
  /// It could not be started at all.
  case notStarted(reason: String)

  /// The state that it leaves behind.
  package var state: ReplicaState {
    if case .exit(.killed) = self { .killed } else { .gone }
  }

  package var words: String {
    switch self {
    case .exit(let exit): exit.description
    case .notStarted(let reason): "it could not be started: \(reason)"
    }
  }
}
