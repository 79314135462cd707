import Foundation
import Supervision

/// The haproxy of this machine.
package enum HAProxyProgram {
  /// Its path. Throws ``ReplicaError/notInstalled(program:)``.
  package static func path() throws(ReplicaError) -> String {
    let program =
      ProcessInfo.processInfo.environment[ReplicaDefaults.programVariable] ?? ReplicaDefaults.program
    guard let path = ExecutablePath.find(program) else { throw .notInstalled(program: program) }
    return path
  }
}
