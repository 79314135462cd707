import Wording

/// Why replicas cannot run.
package enum ReplicaError: ExitingError, Hashable {
  /// haproxy is not there.
  case notInstalled(program: String)
  /// What was asked for cannot be.
  case settings(reason: String)
  /// haproxy did not start, or does not go on.
  case front(reason: String, log: String)
  /// No replica became ready.
  case replica(Int, reason: String, log: String)

  package var exitStatus: ExitStatus {
    switch self {
    case .notInstalled, .front, .replica: .unavailable
    case .settings: .usage
    }
  }

  package var description: String {
    switch self {
    case .notInstalled(let program):
      "several replicas need haproxy in front of them, and the program \(program.quoted) is not installed; on Debian: apt-get install "
        + ReplicaDefaults.debianPackage
    case .settings(let reason): reason
    case .front(let reason, let log): "haproxy \(reason); its log is \(log)"
    case .replica(let replica, let reason, let log): "replica \(replica) \(reason); its log is \(log)"
    }
  }
}
