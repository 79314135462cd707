import Foundation
import Subprocess
import SystemPackage

/// The built `sonde`, as a user runs it.
package enum SondeProgram {
  /// What one call came to.
  package struct Outcome: Sendable {
    /// The exit code; 128 + the signal where it was killed.
    package let status: Int32
    package let output: String
    package let errors: String
  }

  /// The folder with Package.swift.
  package static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// `sonde` beside the test bundle.
  package static let path = path(of: "sonde")

  /// A program of this package beside the test bundle.
  private static func path(of program: String) -> String {
    let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = (bundle as NSString).deletingLastPathComponent + "/\(program)"
    return FileManager.default.isExecutableFile(atPath: beside)
      ? beside : "\(packageRoot)/.build/release/\(program)"
  }

  /// Runs `sonde` with `arguments` in the package's folder and waits for its end.
  ///
  /// - Parameters:
  ///   - program: Another program of this package to run in its place.
  ///   - environment: Changes to the environment; a nil value removes a variable.
  package static func run(
    _ arguments: [String], program: String = "sonde", environment: [String: String?] = [:]
  ) async throws -> Outcome {
    var changes: [Environment.Key: String?] = [:]
    for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .path(FilePath(path(of: program))), arguments: Arguments(arguments),
      environment: .inherit.updating(changes),
      workingDirectory: FilePath(packageRoot), output: .string(limit: 1 << 24), error: .string(limit: 1 << 24)
    )
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let number): 128 + number
      }
    return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
  }
}
