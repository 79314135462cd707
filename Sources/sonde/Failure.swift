import ArgumentParser
import BatchScoring
import Compute
import DeviceFleet
import Files
import Foundation
import MQTT
import OneClassSVM
import Scenario
import Supervision
import WindowStore

/// The exit codes of the command line.
enum ExitStatus {
  static let expectationFailed: Int32 = 1
  static let invalidRun: Int32 = 3
  static let usage: Int32 = 64
  static let unavailable: Int32 = 69
  static let internalFault: Int32 = 70
  static let interrupted: Int32 = 130
}

/// Turns errors into a sentence on standard error and an exit code.
enum Failure {
  /// Ends the process as `error` asks for.
  static func leave(_ error: any Error) -> Never {
    if let status = status(of: error) {
      StandardError.write("sonde: \(error)")
      exit(status)
    }
    // Everything else belongs to the argument parser: help, usage errors, and exit codes that commands throw.
    let status = Sonde.exitCode(for: error)
    if status.isSuccess { Sonde.exit(withError: error) }
    let message = Sonde.fullMessage(for: error)
    if !message.isEmpty { StandardError.write(message) }
    exit(status.rawValue)
  }

  /// The exit code for an error of ours; nil for the argument parser's.
  static func status(of error: any Error) -> Int32? {
    switch error {
    case let compute as ComputeError where compute.isUnavailable: ExitStatus.unavailable
    case MQTTError.stopped: ExitStatus.interrupted
    case is MQTTError, is ServiceError: ExitStatus.unavailable
    case let process as FleetProcessError:
      process.exit == .exited(code: ExitStatus.unavailable)
        ? ExitStatus.unavailable : ExitStatus.internalFault
    case is ScenarioFaults, is CSVError: ExitStatus.usage
    case is ScoringError, is ScheduleError, is ModelError, is ComputeError: ExitStatus.usage
    case let file as FileError where ["read", "read the folder"].contains(file.action): ExitStatus.usage
    case let store as StoreError where store.isMistake: ExitStatus.usage
    case let run as RunError: status(ofRun: run)
    case is StoreError, is FileError: ExitStatus.internalFault
    case is ExitCode, is ValidationError, is CleanExit: nil
    default: String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") ? nil : ExitStatus.internalFault
    }
  }
}

extension Failure {
  private static func status(ofRun error: RunError) -> Int32 {
    switch error {
    case .outputExists, .outputIsFile: ExitStatus.usage
    case .interrupted: ExitStatus.interrupted
    case .notReady: ExitStatus.unavailable
    // A part that could not reach what it needs says so with its own exit code.
    case .partFailed(_, _, let code, _, _):
      code == ExitStatus.unavailable ? ExitStatus.unavailable : ExitStatus.internalFault
    }
  }
}
