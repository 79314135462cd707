import Documents
import Scenario
import Telemetry
import Testing

/// Faults of a run as scenarios write them.
@Suite struct FaultDocumentTests {
  /// The small scenario without scoring, so that every fault is possible.
  private static let unscored = Documents.small.split(separator: "\n", omittingEmptySubsequences: false)
    .filter { !$0.hasPrefix("model") && !$0.hasPrefix("scoring") }.joined(separator: "\n")

  private func faults(_ list: String, in text: String = unscored) throws -> [FaultSpecification] {
    try Documents.parse(text + "\nfaults:\n" + list).faults
  }

  private func refusals(_ list: String, in text: String = unscored) -> [String] {
    do {
      return try faults(list, in: text).map { "accepted: \($0.text)" }
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  @Test func whatIsWrittenIsReadAndCanBeWrittenAgain() throws {
    let entries = [
      "{ at: 5m, kill: ingestion }", "{ at: 10m, kill: broker, for: 1s }",
      "{ at: 11m, kill: broker, saved: true }",
      "{ at: 12m, pause: broker, for: 500ms }", "{ at: 13m, cut: fleet }",
      "{ at: 14m, cut: ingestion, for: 2s }",
      "{ at: 15m, power_cut: ingestion }", "{ at: 16m, disk_full: store, for: 1s }",
      "{ at: 17m, lock: store, for: 1s }", "{ at: 18m, clock_step: ingestion, for: 1s, by: -72h }",
      "{ at: 19m, clock_step: ingestion, by: 1h }",
    ]
    let read = try faults(entries.map { "  - \($0)" }.joined(separator: "\n"))
    #expect(read.map(\.text) == entries)
  }

  /// Line 1 of the list stands where the scenario's text ends.
  private static let line = unscored.split(separator: "\n", omittingEmptySubsequences: false).count + 2

  @Test(arguments: [
    ("{ at: 5m, kil: ingestion }", 15, "unknown key “kil”; did you mean “kill”?"),
    ("{ at: -5m, kill: ingestion }", 11, "at: expected a duration such as 90s, 5m or 24h, found “-5m”"),
    (
      "{ at: 5m, kill: fleet }", 21,
      "kill: expected ingestion, broker, stream, replica or haproxy, found “fleet”"
    ),
    ("{ at: 5m, lock: broker, for: 1s }", 21, "lock: expected store, found “broker”"),
    ("{ at: 5m, pause: broker }", 5, "pause needs “for”"),
    ("{ at: 5m, pause: broker, for: 1h }", 35, "for: at most 20s"),
    ("{ at: 5m, pause: broker, for: -1s }", 35, "for: expected a duration"),
    ("{ at: 5m, clock_step: ingestion }", 5, "clock_step needs “by”"),
    ("{ at: 5m, clock_step: ingestion, by: 0s }", 42, "by: expected a duration such as 1h or -1h"),
    ("{ at: 5m, kill: ingestion, by: 1h }", 36, "by: only clock_step has it"),
    ("{ at: 5m, kill: ingestion, saved: true }", 39, "saved: only a broker"),
    ("{ kill: ingestion }", 5, "kill needs “at”"),
    ("{ at: 5m }", 5, "fault lacks one of kill, pause, cut"),
    ("{ at: 5m, kill: ingestion, pause: broker, for: 1s }", 32, "kill and pause exclude each other"),
    ("{ at: 5m, kill: ingestion, between: [1m, 2m] }", 41, "between: only random has it"),
    ("{ random: 3 }", 5, "random needs “between”"),
    ("{ random: 0, between: [5m, 10m] }", 15, "random: expected a whole number of at least 1"),
    ("{ random: 3, between: [5m, 10m], for: 1s }", 43, "for: random faults draw it themselves"),
    ("{ random: 3, between: [5m, 900h] }", 27, "before this happens"),
    ("{ at: 2h, kill: ingestion }", 11, "at: the clock ends at 2h, before this happens"),
  ])
  func whatCannotBeIsRefusedWithItsPlace(entry: String, column: Int, reason: String) throws {
    let found = refusals("  - \(entry)")
    let first = try #require(found.first)
    #expect(first.hasPrefix("s.yaml:\(Self.line):\(column): "), "\(found)")
    #expect(first.contains(reason), "\(found)")
  }

  @Test func aForeignBrokerIsNotOursToBreak() {
    let foreign = Self.unscored + "\nbroker: mqtt://elsewhere:1883"
    for fault in ["kill: broker", "pause: broker, for: 1s"] {
      #expect(
        refusals("  - { at: 5m, \(fault) }", in: foreign).first?.contains("is not ours to break") == true)
    }
    #expect(
      refusals("  - { at: 5m, kill: ingestion }", in: foreign) == ["accepted: { at: 5m, kill: ingestion }"])
  }

  @Test func aSchedulerWouldLoseItsPowerToo() {
    let found = refusals("  - { at: 5m, power_cut: ingestion }", in: Documents.small)
    #expect(found.first?.contains("the scheduler has the same file open") == true, "\(found)")
  }

  /// Against a slip of the finger: a billion would be drawn until memory ends.
  @Test func randomFaultsHaveABound() {
    #expect(
      refusals("  - { random: 2147483647, between: [10m, 100m] }") == [
        "s.yaml:16:15: random: expected a whole number of at most 1000, found “2147483647”"
      ])
    #expect(refusals("  - { random: 1000, between: [10m, 100m] }").count == 1000)
  }

  @Test func randomFaultsFollowFromTheSeed() throws {
    let list = "  - { random: 40, between: [10m, 100m] }"
    func drawn(_ seed: UInt64, _ text: String = Self.unscored) throws -> [FaultSpecification] {
      try Documents.parse(text + "\nfaults:\n" + list, seed: seed).faults
    }
    let first = try drawn(1)
    #expect(first.map(\.text) == (try drawn(1)).map(\.text))
    #expect(first.map(\.text) != (try drawn(2)).map(\.text))
    #expect(first.count == 40)
    #expect(first.allSatisfy { $0.at >= .seconds(600) && $0.at <= .seconds(6000) })
    #expect(zip(first, first.dropFirst()).allSatisfy { $0.at <= $1.at })
    // All kinds, hitting all that they can without a stream, come up.
    let kinds = Set(try (0..<20).flatMap { try drawn($0) }.map { "\($0.kind.name) \($0.target)" })
    let possible = FaultKind.allCases.flatMap { kind in
      kind.targets.filter { !$0.isOfStream }.map { "\(kind.name) \($0)" }
    }
    #expect(kinds == Set(possible))
    // A broker is only killed when it has saved.
    #expect(
      try (0..<20).flatMap { try drawn($0) }.allSatisfy {
        $0.kind != .kill || $0.target == .ingestion || $0.saved
      })
    // Drawn faults are possible ones.
    #expect(try drawn(1, Documents.small).allSatisfy { $0.kind != .powerCut })
    // What is printed is a scenario that does the same.
    let again = try faults(first.map { "  - \($0.text)" }.joined(separator: "\n"))
    #expect(again.map(\.text) == first.map(\.text))
  }
}
