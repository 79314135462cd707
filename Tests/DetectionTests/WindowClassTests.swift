import Detection
import Telemetry
import Testing

/// The class of each scored window, against the figures that count the same windows.
@Suite struct WindowClassTests {
  private static func window(_ minute: Int64, flagged: Bool) -> ScoredWindow {
    ScoredWindow(
      device: DeviceID("d")!, sensor: nil, start: Timestamp(milliseconds: minute * 60_000),
      end: Timestamp(milliseconds: (minute + 5) * 60_000), score: flagged ? -1 : 1, isFlagged: flagged)
  }

  private static func label(_ from: Int64, _ to: Int64) -> Label {
    Label(
      device: DeviceID("d")!, sensor: nil, kind: "mean", start: Timestamp(milliseconds: from * 60_000),
      end: Timestamp(milliseconds: to * 60_000))
  }

  @Test func eachWindowIsInExactlyOneClass() {
    // Anomalous from 10 to 20 and from 40 to 46: the window of 45 is touched by a minute of five.
    let windows = [
      Self.window(0, flagged: false), Self.window(5, flagged: true), Self.window(10, flagged: true),
      Self.window(15, flagged: false), Self.window(40, flagged: true), Self.window(45, flagged: true),
      Self.window(50, flagged: false),
    ]
    let evaluation = Evaluation(windows: windows, labels: [Self.label(10, 20), Self.label(40, 46)])
    let classes = evaluation.classifiedWindows.map(\.class)
    #expect(classes == [.quiet, .falseAlarm, .found, .missed, .found, .ignored, .quiet])
    #expect(evaluation.classifiedWindows.map(\.window) == windows)
  }

  /// The figures of an evaluation are counts of the classes.
  @Test(arguments: 1...20) func theFiguresAreCountsOfTheClasses(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "window classes")
    let windows = (0..<60).map { Self.window(Int64($0) * 5, flagged: generator.uniform() < 0.3) }
    let labels = (0..<5).map { number in
      let start = Int64(number) * 60 + Int64(generator.index(below: 30))
      return Self.label(start, start + 1 + Int64(generator.index(below: 29)))
    }
    let evaluation = Evaluation(windows: windows, labels: labels)
    let metrics = evaluation.metrics()
    let count = Dictionary(grouping: evaluation.classifiedWindows, by: \.class).mapValues(\.count)
    func number(_ kind: WindowClass) -> Int { count[kind] ?? 0 }
    #expect(metrics.ignoredWindows == number(.ignored), "seed \(seed)")
    #expect(metrics.windows == windows.count - number(.ignored), "seed \(seed)")
    #expect(metrics.anomalousWindows == number(.found) + number(.missed), "seed \(seed)")
    if let recall = metrics.recall {
      #expect(recall == Double(number(.found)) / Double(number(.found) + number(.missed)), "seed \(seed)")
    }
    if let precision = metrics.precision {
      #expect(
        precision == Double(number(.found)) / Double(number(.found) + number(.falseAlarm)), "seed \(seed)")
    }
  }
}
