import Modelling
import Subprocess
import SystemPackage

/// The process of a job: in a session of its own, so that neither the end of the server nor a signal to its terminal reaches it.
package enum JobProcess {
  /// Runs `executable` with `arguments` to its end. Throws `ScoringError` where it cannot be started.
  ///
  /// - Parameter log: The file that takes its standard output and error, appended to.
  package static func run(_ executable: String, _ arguments: [String], log: String) async throws {
    do {
      let output = try FileDescriptor.open(
        FilePath(log), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead])
      let errors = try output.duplicate()
      var options = PlatformOptions()
      options.createSession = true
      _ = try await Subprocess.run(
        .path(FilePath(executable)), arguments: Arguments(arguments), platformOptions: options,
        input: .none,
        output: .fileDescriptor(output, closeAfterSpawningProcess: true),
        error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
    } catch {
      throw ScoringError("\(executable) could not be started: \(error)")
    }
  }
}
