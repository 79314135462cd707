import Wording

/// Why a server could not start.
package enum HTTPServerError: ExitingError, Hashable {
  /// Something listens there already.
  case addressInUse(ListenAddress)
  /// The system refuses to listen there; its reason.
  case cannotListen(ListenAddress, String)
  /// A file of the certificate or key is of no use.
  case badTLSFile(path: String, reason: String)
  /// The library refuses to start; what it says.
  case library(String)

  package var exitStatus: ExitStatus {
    switch self {
    case .addressInUse, .library: .unavailable
    case .cannotListen, .badTLSFile: .usage
    }
  }

  package var description: String {
    switch self {
    case .addressInUse(let address): "cannot listen on \(address): another process does so already"
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .badTLSFile(let path, let reason): "cannot use \(path.excerpt) for TLS: \(reason)"
    case .library(let reason): "the HTTP server does not start: \(reason.excerpt)"
    }
  }
}
