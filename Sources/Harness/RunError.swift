import Wording

/// Why a run came to no verdict.
package enum RunError: ExitingError {
  /// The output folder is there and not empty.
  case outputExists(String)
  /// The output is to go where a file is.
  case outputIsFile(String)
  /// A part ended that should have gone on.
  case partFailed(name: String, ending: String, exitCode: Int32?, log: String, lastWords: String?)
  /// A part did not get ready in time.
  case notReady(name: String, log: String)
  /// Somebody pressed Ctrl-C.
  case interrupted

  package var exitStatus: ExitStatus {
    switch self {
    case .outputExists, .outputIsFile: .usage
    case .interrupted: .interrupted
    case .notReady: .unavailable
    // A part that could not reach what it needs says so with its own exit code.
    case .partFailed(_, _, let code, _, _):
      code == ExitStatus.unavailable.rawValue ? .unavailable : .internalFault
    }
  }

  package var description: String {
    switch self {
    case .outputExists(let path):
      "the output folder \(path) exists and is not empty; choose another one with --out, or remove it"
    case .outputIsFile(let path): "\(path) is a file; choose a folder with --out"
    case .partFailed(let name, let ending, _, let log, let lastWords):
      "\(name) ended with \(ending)" + (lastWords.map { ": \($0)" } ?? "") + " (its log: \(log))"
    case .notReady(let name, let log): "\(name) did not get ready in time (its log: \(log))"
    case .interrupted: "interrupted"
    }
  }
}
