import Foundation

/// The names under which people know machines.
package enum MachineName {
  /// That of this machine.
  package static let current: String = {
    let length = 256
    var name = [CChar](repeating: 0, count: length)
    guard gethostname(&name, length - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  /// That of the node that this process is a task of: Slurm's name for it, where it is one of Slurm's.
  static let ofNode = ProcessInfo.processInfo.environment["SLURMD_NODENAME"] ?? current
}
