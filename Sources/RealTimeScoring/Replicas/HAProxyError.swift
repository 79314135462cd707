import Wording

/// haproxy's runtime socket did not do what it was asked for.
package enum HAProxyError: ExitingError, Hashable {
  /// The socket cannot be reached, or breaks off.
  case unreachable(reason: String)
  /// It does not take the command.
  case refused(command: String, answer: String)
  /// Its figures are not what they should be.
  case unreadable(reason: String)

  package var exitStatus: ExitStatus { .unavailable }

  package var description: String {
    switch self {
    case .unreachable(let reason): "haproxy cannot be asked: \(reason)"
    case .refused(let command, let answer):
      "haproxy refuses \(command.quoted): \(answer.excerpt)"
    case .unreadable(let reason): "haproxy's figures cannot be read: \(reason)"
    }
  }
}
