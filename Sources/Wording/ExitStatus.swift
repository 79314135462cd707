/// How the program ends: the exit codes that scripts and continuous integration go by.
package enum ExitStatus: Int32, Sendable {
  /// Every expectation held.
  case success = 0
  /// An expectation failed, or a check has found something.
  case expectationFailed = 1
  /// The fleet did not keep its own schedule, so nothing may be concluded.
  case invalidRun = 3
  /// Bad arguments, or a bad file.
  case usage = 64
  /// A part that is needed is not to be had: a broker, a compute target, a package.
  case unavailable = 69
  /// An internal fault.
  case internalFault = 70
  /// Ended by SIGINT.
  case interrupted = 130
}

/// An error that says what the program's exit code is where nothing catches it. Its description is a sentence for people.
package protocol ExitingError: Error, CustomStringConvertible {
  var exitStatus: ExitStatus { get }
}
