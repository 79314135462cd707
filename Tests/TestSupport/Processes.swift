import Files
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

  /// The words with which it was started; none for a thread of the kernel, or where it has gone. Foundation leaks 4 KiB at each empty
  /// file that it reads, as those of the kernel's threads are: a test that polls them fills the memory.
  package static func commandLine(of process: Int32) -> [Substring] {
    guard let bytes = try? TextFile.bytes(of: "/proc/\(process)/cmdline") else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\0")
  }

  /// Those that were started with a word that has `text` in it.
  package static func naming(_ text: String) throws -> [Int32] {
    try all().filter { commandLine(of: $0).contains { $0.contains(text) } }
  }

  /// Sends a signal to those that were started with a word that has `text` in it.
  package static func send(signal number: Int32, toThoseNaming text: String) {
    for process in (try? naming(text)) ?? [] { kill(process, number) }
  }
}
