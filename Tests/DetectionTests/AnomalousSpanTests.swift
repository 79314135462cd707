import Detection
import Telemetry
import Testing

/// Anomalous windows put together.
@Suite struct AnomalousSpanTests {
  private static func window(_ from: Int64, _ to: Int64) -> AnomalousSpan {
    AnomalousSpan(
      start: Timestamp(milliseconds: from * 60_000), end: Timestamp(milliseconds: to * 60_000))
  }

  private static func minutes(_ spans: [AnomalousSpan]) -> [[Int64]] {
    spans.map { [$0.start.milliseconds / 60_000, $0.end.milliseconds / 60_000, Int64($0.windows)] }
  }

  @Test func windowsThatFollowEachOtherAreOneSpan() {
    let windows = [Self.window(10, 15), Self.window(0, 5), Self.window(5, 10), Self.window(16, 20)]
    #expect(Self.minutes(AnomalousSpan.spans(of: windows)) == [[0, 15, 3], [16, 20, 1]])
    #expect(Self.minutes(AnomalousSpan.spans(of: windows, gap: .seconds(59))) == [[0, 15, 3], [16, 20, 1]])
    #expect(Self.minutes(AnomalousSpan.spans(of: windows, gap: .seconds(60))) == [[0, 20, 4]])
    #expect(AnomalousSpan.spans(of: []).isEmpty)
  }

  @Test func windowsThatOverlapAreOneSpan() {
    // Hopping windows, and one of another sensor inside.
    let windows = [Self.window(0, 10), Self.window(5, 15), Self.window(2, 4)]
    #expect(Self.minutes(AnomalousSpan.spans(of: windows)) == [[0, 15, 3]])
  }

  /// Every minute is in a span exactly where it is in a window, in whichever order windows come.
  @Test(arguments: 1...50) func spansCoverWhatWindowsCover(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "anomalous spans")
    let windows = (0..<generator.index(below: 30)).map { _ in
      let start = Int64(generator.index(below: 100))
      return Self.window(start, start + 1 + Int64(generator.index(below: 6)))
    }
    let spans = AnomalousSpan.spans(of: windows)
    func covered(by spans: [AnomalousSpan]) -> [Bool] {
      (Int64(0)..<110).map { minute in
        let time = Timestamp(milliseconds: minute * 60_000)
        return spans.contains { $0.start <= time && time < $0.end }
      }
    }
    #expect(covered(by: spans) == covered(by: windows), "seed \(seed)")
    #expect(spans == AnomalousSpan.spans(of: windows.reversed()), "seed \(seed)")
    #expect(spans.reduce(0) { $0 + $1.windows } == windows.count, "seed \(seed)")
    for (one, next) in zip(spans, spans.dropFirst()) { #expect(one.end < next.start, "seed \(seed)") }
  }
}
