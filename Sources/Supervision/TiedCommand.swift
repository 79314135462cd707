/// Ties a child to the life of this process.
package enum TiedCommand {
  /// The command that runs `command` and has the kernel send it `signal` when this process dies, where the system has the means.
  /// Subprocess starts children from one thread that lives as long as the process, which is what makes the signal mean that.
  package static func words(_ command: [String], signal: String) -> [String] {
    guard let setpriv = ExecutablePath.find("setpriv") else { return command }
    return [setpriv, "--pdeathsig", signal, "--"] + command
  }
}
