import Telemetry
import Testing

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("24h", 86_400_000), ("7d", 604_800_000),
    ("1h30m", 5_400_000),
    ("1.5h", 5_400_000), ("0s", 0),
  ])
  func durations(text: String, milliseconds: Int64) {
    #expect(Duration(text: text) == .milliseconds(milliseconds))
  }

  @Test(arguments: [
    "", "5", "h", "5x", "-5m", "5m5m", "30s5m", "1.2ms", "99999999999999999999d", "nan s", "infs", "5 m",
  ])
  func noDurations(text: String) {
    #expect(Duration(text: text) == nil)
  }

  @Test func durationsPrintAsTheyAreRead() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<1000 {
      let duration = Duration.milliseconds(Int64(generator.index(below: 1_000_000_000)))
      #expect(Duration(text: duration.text) == duration, "seed 11")
    }
  }
}
