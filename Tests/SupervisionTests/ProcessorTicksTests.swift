import Supervision
import Testing

/// What the kernel says of all processors.
@Suite struct ProcessorTicksTests {
  @Test(arguments: [
    // user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice
    ("cpu  1 20 300 4000 50000 600000 7000000 80000000 9 9", 7_600_321.0),
    ("cpu  1 0 0 5", 1), ("cpu  0 0 0 5 7 0 0 9 0 0", 0), ("", 0),
  ])
  func whatProgramsHaveUsedIsCounted(line: String, ticks: Double) {
    #expect(ProcessorTicks.busy(Substring(line)) == ticks)
  }
}
