import Files
import Foundation

/// How busy the machine was since it was started, all processors together, as /proc/stat counts it (proc_stat(5)).
struct MachineTicks: Hashable {
  /// Neither idle nor waiting for a disk; what the host of a virtual machine gave to others (steal) is as little there for us.
  var busy: Double
  var all: Double

  /// Nil where the kernel does not tell.
  static var now: MachineTicks? {
    guard let bytes = FileManager.default.contents(atPath: "/proc/stat") else { return nil }
    return String(decoding: bytes.prefix(512), as: UTF8.self).split(separator: "\n").first.flatMap(
      MachineTicks.init)
  }

  init?(_ line: Substring) {
    // user nice system idle iowait irq softirq steal; a guest's time is in that of its user already.
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count >= 5 else { return nil }
    all = ticks.reduce(0, +)
    busy = all - ticks[3] - ticks[4]
  }

  /// The share of all processors that was in use since `earlier`.
  func share(since earlier: MachineTicks) -> Double? {
    all > earlier.all ? (busy - earlier.busy) / (all - earlier.all) : nil
  }
}
