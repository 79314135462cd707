/// The line of /proc/stat that counts all processors; see proc_stat(5).
package enum ProcessorTicks {
  /// `cpu user nice system idle iowait irq softirq steal guest guest_nice`, in ticks: what programs of this machine and its kernel have
  /// used. Without idle time and waiting for disks; without what the host gave to other machines (steal), which no program here is to
  /// blame for; a guest's time is in that of its user already.
  package static func busy(_ line: Substring) -> Double {
    let ticks = line.split(separator: " ").dropFirst().prefix(7).compactMap { Double($0) }
    return ticks.enumerated().reduce(0) { $0 + ($1.offset == 3 || $1.offset == 4 ? 0 : $1.element) }
  }
}
