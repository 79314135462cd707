import Foundation
import Harness
import Supervision
import Testing

/// What `timeline.csv` says of a moment, and where it has that from.
@Suite struct TimelineTests {
  @Test func aLineHasWhatTheHeaderNames() {
    var entry = TimelineEntry(seconds: 1.25, phase: .draining)
    entry.published = 100
    entry.stored = 80
    entry.late = 5
    entry.rejected = 1
    entry.windows = 7
    entry.usage[.ingest] = ProcessUsage(residentBytes: 4096, cpuSeconds: 0.5)
    let names = TimelineEntry.header.dropLast().split(separator: ",").map(String.init)
    let values = entry.line.dropLast().split(separator: ",", omittingEmptySubsequences: false).map(
      String.init)
    #expect(names.count == values.count)
    let fields = Dictionary(uniqueKeysWithValues: zip(names, values))
    #expect(fields["seconds"] == "1.250" && fields["phase"] == "draining" && fields["backlog"] == "14")
    #expect(fields["ingest_memory_bytes"] == "4096" && fields["ingest_cpu_seconds"] == "0.50")
    #expect(fields["schedule_cpu_seconds"] == "")
  }

  @Test func aProcessIsCountedWithItsChildren() throws {
    let own = try #require(ProcessTable().usage(of: getpid()))
    #expect(own.residentBytes > 1 << 20 && own.cpuSeconds >= 0)
    #expect(ProcessTable().usage(of: -1) == nil)
    // The process that started this one has at least what this one has.
    let parent = try #require(ProcessTable().usage(of: getppid()))
    #expect(parent.residentBytes >= own.residentBytes / 2)
  }
}
