import ArgumentParser
import Foundation
import Wording

/// Turns errors into a sentence on standard error and an exit code.
enum Failure {
  /// Ends the process as `error` asks for.
  static func leave(_ error: any Error) -> Never {
    if let status = status(of: error) {
      StandardError.write("sonde: \(error)")
      exit(status.rawValue)
    }
    // Everything else belongs to the argument parser: help, usage errors, and exit codes that commands throw.
    let status = Sonde.exitCode(for: error)
    if status.isSuccess { Sonde.exit(withError: error) }
    let message = Sonde.fullMessage(for: error)
    if !message.isEmpty { StandardError.write(message) }
    exit(status.rawValue)
  }

  /// The exit status for an error of ours; nil for the argument parser's.
  static func status(of error: any Error) -> ExitStatus? {
    if let error = error as? any ExitingError { return error.exitStatus }
    let isParsers =
      error is ExitCode || error is ValidationError || error is CleanExit
      || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    return isParsers ? nil : .internalFault
  }
}

extension ExitCode {
  init(_ status: ExitStatus) { self.init(status.rawValue) }
}
