import Foundation

/// What processes use of the machine.
package struct ProcessUsage: Hashable, Sendable {
  /// Memory that is not shared with a file of the disk or swapped out, in bytes.
  package var residentBytes = 0
  /// Processor time so far, user and system, in seconds.
  package var cpuSeconds = 0.0

  package init(residentBytes: Int = 0, cpuSeconds: Double = 0) {
    self.residentBytes = residentBytes
    self.cpuSeconds = cpuSeconds
  }
}

/// The processes of this machine at one moment, as /proc tells of them (proc(5)).
package struct ProcessTable {
  private struct Entry {
    var parent: Int32
    var usage: ProcessUsage
  }

  private let entries: [Int32: Entry]

  /// Looks at all processes. One that ends meanwhile is left out.
  package init() {
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let page = sysconf(Int32(_SC_PAGESIZE))
    var entries: [Int32: Entry] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let id = Int32(name), let bytes = FileManager.default.contents(atPath: "/proc/\(id)/stat"),
        let entry = Self.entry(String(decoding: bytes, as: UTF8.self), ticks: ticks, page: page)
      else { continue }
      entries[id] = entry
    }
    self.entries = entries
  }

  /// Reads a line of /proc/…/stat. The name, which may hold anything, is in parentheses.
  private static func entry(_ line: String, ticks: Double, page: Int) -> Entry? {
    guard let end = line.lastIndex(of: ")") else { return nil }
    // From field 3 on: the state, the parent, …; 14 to 17 are times of its own and of its children that have ended; 24 is memory.
    let fields = line[line.index(after: end)...].split(separator: " ")
    guard fields.count > 21, let parent = Int32(fields[1]), let pages = Int(fields[21]) else { return nil }
    let time = fields[11...14].compactMap { Double($0) }.reduce(0, +)
    return Entry(
      parent: parent, usage: ProcessUsage(residentBytes: max(0, pages) * page, cpuSeconds: time / ticks))
  }

  /// The children of the process `id`, in the order of their numbers.
  package func children(of id: Int32) -> [Int32] {
    entries.filter { $0.value.parent == id && $0.key != id }.keys.sorted()
  }

  /// What the process `id` and its descendants use; nil where it is not there.
  package func usage(of id: Int32) -> ProcessUsage? {
    guard let own = entries[id] else { return nil }
    return entries.filter { $0.value.parent == id && $0.key != id }.keys.reduce(own.usage) { sum, child in
      let usage = usage(of: child) ?? ProcessUsage()
      return ProcessUsage(
        residentBytes: sum.residentBytes + usage.residentBytes, cpuSeconds: sum.cpuSeconds + usage.cpuSeconds)
    }
  }
}
