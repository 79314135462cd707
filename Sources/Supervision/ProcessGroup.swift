import CLinux
import Foundation

/// A child and all of its descendants, which can be stopped and continued together. The child has made itself their leader
/// (``lead()``), so that what it starts belongs to them.
package struct ProcessGroup: Sendable {
  /// The number of the leader, which must not have been waited for while signals are sent.
  package let leader: Int32

  package init(leader: Int32) { self.leader = leader }

  /// Makes this process the leader of a group of its own.
  package static func lead() { setpgid(0, 0) }

  /// Whether the child has made itself the leader.
  package var exists: Bool { getpgid(leader) == leader }

  /// Sends `number` to all of them.
  package func send(signal number: Int32) { kill(-leader, number) }

  /// Gives each child of the leader a processor of `processors` to itself, as far as there are enough. The leader runs where it likes.
  /// Without effect on those that the kernel refuses it for.
  ///
  /// Children that go on at the same instant would otherwise share a processor until the kernel notices.
  package func spreadChildren(over processors: [Int]) {
    var children = 0
    for process in Self.numbers(in: "/proc").sorted() where process != leader && getpgid(process) == leader {
      let processor = processors[children % processors.count]
      var mask = [UInt8](repeating: 0, count: (processor / 64 + 1) * 8)
      mask[processor / 8] = 1 << UInt8(processor % 8)
      for thread in Self.numbers(in: "/proc/\(process)/task") {
        _ = linux_set_processors(thread, mask, UInt(mask.count))
      }
      children += 1
    }
  }

  /// The processors that this process may run on; empty where the kernel does not say.
  package static var processors: [Int] {
    var mask = [UInt8](repeating: 0, count: 1024)
    let written = linux_processors(0, &mask, UInt(mask.count))
    guard written > 0 else { return [] }
    return (0..<written * 8).filter { mask[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
  }

  /// The names in a folder of the kernel's that are numbers.
  private static func numbers(in folder: String) -> [Int32] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var numbers: [Int32] = []
    while let entry = readdir(entries) {
      // The name ends with a zero byte: strtol reads its digits where they are.
      let number = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 1) { strtol($0, nil, 10) }
      }
      if number > 0 { numbers.append(Int32(truncatingIfNeeded: number)) }
    }
    return numbers
  }
}
