import Detection
import Files
import Foundation
import Telemetry
import Testing

/// Windows of five minutes from midnight, counted from 0.
enum Windows {
  static let midnight = Timestamp(iso8601: "2026-01-01T00:00:00Z")!
  static let pump = DeviceID("pump-0001")!
  static let heat = SensorID("heat")!
  static let hum = SensorID("hum")!

  static func minute(_ minute: Double) -> Timestamp { midnight + .milliseconds(Int64(minute * 60_000)) }

  static func window(
    _ index: Int, score: Double = 0, flagged: Bool = false, device: DeviceID = pump, sensor: SensorID? = nil,
    revision: Int = 1
  ) -> ScoredWindow {
    ScoredWindow(
      device: device, sensor: sensor, start: minute(Double(index) * 5), end: minute(Double(index + 1) * 5),
      score: score, isFlagged: flagged, revision: revision)
  }

  static func label(
    _ from: Double, _ to: Double, kind: String = "mean", device: DeviceID = pump, sensor: SensorID? = heat
  ) -> Label {
    Label(device: device, sensor: sensor, kind: kind, start: minute(from), end: minute(to))
  }
}

@Suite struct GroundTruthTests {
  struct Case {
    let spans: [(Double, Double)]
    let truth: WindowTruth

    init(_ truth: WindowTruth, _ spans: (Double, Double)...) {
      self.truth = truth
      self.spans = spans
    }
  }

  /// Of the window from minute 10 to 15.
  static let cases: [Case] = [
    Case(.anomalous, (10, 15)), Case(.anomalous, (0, 60)), Case(.anomalous, (12.5, 30)),
    Case(.ignored, (12.6, 30)), Case(.ignored, (0, 12.4)), Case(.anomalous, (11, 11.1)),
    Case(.normal, (15, 20)), Case(.normal, (5, 10)), Case(.normal),
    Case(.anomalous, (0, 11.3), (13.7, 20)), Case(.ignored, (0, 12), (0, 12)),
  ]

  @Test(arguments: cases) func halfOfAWindowOrAWholeAnomaly(_ one: Case) {
    let truth = GroundTruth(one.spans.map { Windows.label($0.0, $0.1) })
    #expect(truth.truth(of: Windows.window(2)) == one.truth)
  }

  @Test func aSensorIsJudgedByItsOwnLabels() {
    let truth = GroundTruth([Windows.label(10, 15, sensor: Windows.heat)])
    #expect(truth.truth(of: Windows.window(2, sensor: Windows.heat)) == .anomalous)
    #expect(truth.truth(of: Windows.window(2, sensor: Windows.hum)) == .normal)
    #expect(truth.truth(of: Windows.window(2, device: DeviceID("pump-0002")!)) == .normal)
    let whole = GroundTruth([Windows.label(10, 15, sensor: nil)])
    #expect(whole.truth(of: Windows.window(2, sensor: Windows.hum)) == .anomalous)
  }
}

@Suite struct EvaluationTests {
  @Test func figuresOfASmallCase() {
    // A day of windows; two anomalies of three windows, one of which is found in its second window; two false alarms.
    let flagged: Set = [101, 50, 250]
    let windows = (0..<288).map {
      Windows.window($0, score: flagged.contains($0) ? -1 : 1, flagged: flagged.contains($0))
    }
    let labels = [Windows.label(500, 515), Windows.label(1000, 1015, kind: "spike")]
    let metrics = Evaluation(windows: windows, labels: labels).metrics()
    #expect(metrics.windows == 288 && metrics.anomalousWindows == 6 && metrics.ignoredWindows == 0)
    #expect(metrics.precision == 1.0 / 3)
    #expect(metrics.recall == 1.0 / 6)
    #expect(metrics.f1 == 2.0 / 9)
    #expect(metrics.falseAlarmsPerDeviceDay == 2)
    #expect(metrics.events == 2 && metrics.detectedEvents == 1 && metrics.eventRecall == 0.5)
    #expect(
      metrics.delaySeconds?.p50 == 600 && metrics.delaySeconds?.p90 == 600 && metrics.delaySeconds?.max == 600
    )
    #expect(metrics.byKind["mean"]?.recall == 1 && metrics.byKind["spike"]?.recall == 0)
    #expect(metrics.floors.null.recall == 0 && metrics.floors.null.precision == nil)
    #expect(metrics.floors.alwaysAlarm.recall == 1)
    #expect(metrics.floors.alwaysAlarm.falseAlarmsPerDeviceDay == 282)
    #expect(metrics.floors.null.eventRecall == 0 && metrics.floors.alwaysAlarm.eventRecall == 1)
    #expect(metrics.floors.alwaysAlarm.vusPR != nil && metrics.floors.random.vusPR != nil)
  }

  @Test func windowsTouchedByLittleAreNeitherRightNorWrong() {
    let windows = (0..<4).map { Windows.window($0, flagged: true) }
    // Minutes 4 to 11: window 0 is touched for a minute, window 1 is full, window 2 is touched for a minute.
    let metrics = Evaluation(windows: windows, labels: [Windows.label(4, 11)]).metrics()
    #expect(metrics.windows == 2 && metrics.ignoredWindows == 2)
    #expect(metrics.precision == 0.5 && metrics.recall == 1)
    // The event is found in the first window that overlaps it, a minute after its start.
    #expect(metrics.delaySeconds?.max == 60)
  }

  @Test func theLatestRevisionCounts() {
    let windows = [
      Windows.window(0, flagged: true, revision: 2), Windows.window(0, flagged: false, revision: 1),
    ]
    let metrics = Evaluation(windows: windows, labels: []).metrics()
    #expect(metrics.windows == 1 && metrics.precision == 0)
  }

  @Test func labelsThatNobodyScoredAreLeftOut() {
    let metrics = Evaluation(windows: [Windows.window(0)], labels: [Windows.label(500, 515)]).metrics()
    #expect(
      metrics.events == 0 && metrics.unscoredEvents == 1 && metrics.eventRecall == nil
        && metrics.recall == nil)
  }

  @Test func sensorsOfADeviceShareItsDay() {
    let windows = (0..<288).flatMap { index in
      [Windows.heat, Windows.hum].map { Windows.window(index, flagged: index == 3, sensor: $0) }
    }
    let metrics = Evaluation(windows: windows, labels: []).metrics()
    #expect(metrics.falseAlarmsPerDeviceDay == 2)
  }

  @Test func averagePrecisionFollowsItsDefinition() {
    // By score: hit, miss, hit, then two of one score, one of them a hit: 1/3·1 + 1/3·2/3 + 1/3·3/5.
    let truth = [true, false, true, true, false]
    let scores = [-5.0, -4, -3, -1, -1]
    let windows = scores.indices.map { Windows.window($0, score: scores[$0]) }
    let labels = truth.indices.filter { truth[$0] }.map { Windows.label(Double($0) * 5, Double($0 + 1) * 5) }
    let area = Evaluation(windows: windows, labels: labels).metrics().aucPR
    #expect(abs(area! - (1 + 2.0 / 3 + 3.0 / 5) / 3) < 1e-12)
  }

  /// The expected volumes are those of the published algorithm (TSB-AD, widths 0 to 10, 250 thresholds) on the same series.
  @Test(arguments: [
    (1, 60, [10...14, 30...30, 50...59], 0.8348576811420233),
    (2, 400, [100...120, 123...130, 300...302], 0.6125371269343539),
    (3, 40, [0...3], 0.4648907548856251),
  ])
  func volumeUnderTheSurface(seed: Int, count: Int, anomalies: [ClosedRange<Int>], expected: Double) {
    var state = seed
    let windows = (0..<count).map { index in
      state = (state * 1_103_515_245 + 12_345) % (1 << 31)
      let noise = Double((state >> 8) % 1000) / 1000
      return Windows.window(index, score: -(noise + (anomalies.contains { $0 ~= index } ? 0.4 : 0)))
    }
    let labels = anomalies.map { Windows.label(Double($0.lowerBound) * 5, Double($0.upperBound + 1) * 5) }
    let volume = Evaluation(windows: windows, labels: labels).metrics().vusPR
    #expect(abs(volume! - expected) < 1e-9)
  }

  @Test(arguments: UInt64(1)...20) func boundsHoldForAnySeries(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let windows = (0..<3).flatMap { device in
      (0..<100).map { index in
        Windows.window(
          index, score: generator.uniform() - 0.5, flagged: generator.uniform() < 0.1,
          device: DeviceID("d-\(device)")!)
      }
    }
    let labels = (0..<4).map { _ -> Label in
      let from = generator.uniform() * 400
      return Windows.label(
        from, from + 1 + generator.uniform() * 60, device: DeviceID("d-\(generator.index(below: 3))")!)
    }
    let metrics = Evaluation(windows: windows, labels: labels).metrics()
    for value in [
      metrics.precision, metrics.recall, metrics.f1, metrics.aucPR, metrics.aucROC, metrics.vusPR,
      metrics.vusROC, metrics.rangePrecision, metrics.rangeRecall, metrics.rangeF1, metrics.eventF1,
      metrics.affiliationF1, metrics.eventRecall,
    ] {
      if let value { #expect((0...1).contains(value), "seed \(seed)") }
    }
    let anomalous = Double(metrics.anomalousWindows) / Double(metrics.windows)
    #expect(metrics.floors.alwaysAlarm.precision == anomalous, "seed \(seed)")
    #expect(metrics.events + metrics.unscoredEvents == 4, "seed \(seed)")
    let perfect = Evaluation(
      windows: windows.map { window in
        var window = window
        let isAnomalous = GroundTruth(labels).truth(of: window) == .anomalous
        window.score = isAnomalous ? -1 : 1
        window.isFlagged = isAnomalous
        return window
      }, labels: labels
    ).metrics()
    #expect(perfect.precision == 1 && perfect.recall == 1 && perfect.aucPR == 1, "seed \(seed)")
    #expect(perfect.aucROC == 1 && perfect.rangeF1 == 1 && perfect.eventF1 == 1, "seed \(seed)")
    #expect(perfect.affiliationF1 == 1, "seed \(seed)")
    #expect(perfect.falseAlarmsPerDeviceDay == 0, "seed \(seed)")
  }

  @Test func theReportHasEveryKeyAlsoWithoutWindows() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let metrics = Evaluation(windows: [], labels: []).metrics()
    let data = try encoder.encode(metrics)
    let text = String(decoding: data, as: UTF8.self)
    for key in [
      "precision", "recall", "f1", "auc_pr", "auc_roc", "vus_pr", "vus_roc", "range_precision",
      "range_recall", "range_f1", "event_f1", "affiliation_f1", "delay_seconds",
      "false_alarms_per_device_day", "event_recall", "three_sigma",
    ] {
      #expect(text.contains("\"\(key)\":null"), "\(text)")
    }
    #expect(text.contains("\"by_kind\":{}"))
    #expect(try JSONDecoder().decode(DetectionMetrics.self, from: data) == metrics)
  }
}

@Suite struct PredictionFileTests {
  private static let header =
    "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"

  private func read(_ text: String) throws -> [ScoredWindow] {
    try ScoredWindow.read(CSVReader(bytes: Array(text.utf8), path: "p.csv"))
  }

  @Test func aRowIsAWindow() throws {
    let windows = try read(
      Self.header + "pump-0001,*,2026-01-01T12:00:00.000Z,2026-01-01T12:05:00.000Z,-0.125,1,abc,2\n")
    #expect(windows == [Windows.window(144, score: -0.125, flagged: true, revision: 2)])
  }

  /// As of rows of a plain file, which have one time.
  @Test func anInstantLastsAMillisecond() throws {
    let row = "p,s,2026-01-01T12:00:00.000Z,2026-01-01T12:00:00.000Z,1,0,abc,1\n"
    let window = try #require(try read(Self.header + row).first)
    #expect(window.end - window.start == .milliseconds(1))
  }

  @Test(arguments: [
    ("pump 1,*,2026-01-01T12:00:00Z,2026-01-01T12:05:00Z,1,0,v,1", "p.csv:2: “pump 1” is not a device id"),
    (
      "p,*,2026-01-01T12:00:00Z,2026-01-01T11:05:00Z,1,0,v,1",
      "p.csv:2: “2026-01-01T12:00:00Z” to “2026-01-01T11:05:00Z” is not a window in ISO 8601"
    ),
    ("p,*,2026-01-01T12:00:00Z,2026-01-01T12:05:00Z,nan,0,v,1", "p.csv:2: score “nan” is not a number"),
    ("p,*,2026-01-01T12:00:00Z,2026-01-01T12:05:00Z,1,2,v,1", "p.csv:2: prediction “2” is neither 0 nor 1"),
    ("p,*,2026-01-01T12:00:00Z,2026-01-01T12:05:00Z,1,0,v,x", "p.csv:2: revision “x” is not a whole number"),
  ])
  func aBrokenRowIsNamed(row: String, message: String) {
    #expect {
      try read(Self.header + row + "\n")
    } throws: {
      "\($0)" == message
    }
    // What reads files of any tool says the same.
    #expect {
      try ScoreFile(CSVReader(bytes: Array((Self.header + row + "\n").utf8), path: "p.csv"))
    } throws: {
      "\($0)" == message
    }
  }
}
