import Foundation

/// The processes of this machine, as the kernel lists them.
package enum Processes {
  package static func all() throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init)
  }

  /// The leader of a group, and its members.
  package static func inGroup(of leader: Int32) throws -> [Int32] {
    try all().filter { getpgid($0) == leader }
  }

  /// `R` where it runs, `T` where it stands still, and so on: see proc_pid_stat(5). Nil where it has gone.
  package static func state(of process: Int32) -> Character? {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
    // The name before it may have any character.
    return stat.lastIndex(of: ")").flatMap { stat[$0...].dropFirst(2).first }
  }
}
