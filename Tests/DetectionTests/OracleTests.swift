import Detection
import Telemetry
import Testing

/// Every figure beside its definition, on fleets drawn at random, and on the smallest ones.
@Suite struct OracleTests {
  private func isNear(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 1e-9 * max(1, abs(b))
  }

  @Test(arguments: UInt64(1)...200) func figuresAreThoseOfTheirDefinitions(seed: UInt64) {
    let (windows, labels) = RandomFleet.drawn(seed)
    guard !windows.isEmpty else { return }
    let naive = NaiveFigures(windows, labels)
    let metrics = Evaluation(windows: windows.reversed(), labels: labels).metrics()
    let judged = naive.series.flatMap(\.self)
    #expect(metrics.windows == judged.count, "seed \(seed)")
    #expect(metrics.anomalousWindows == judged.count(where: \.isAnomalous), "seed \(seed)")
    #expect(metrics.windows + metrics.ignoredWindows == windows.count, "seed \(seed)")
    #expect(isNear(metrics.aucPR, naive.averagePrecision), "seed \(seed)")
    #expect(isNear(metrics.vusPR, naive.volume), "seed \(seed)")
    #expect(isNear(metrics.aucROC, naive.rocArea), "seed \(seed)")
    #expect(isNear(metrics.vusROC, naive.rocVolume), "seed \(seed)")
    let stretches = NaiveStretches(series: naive.series)
    #expect(isNear(metrics.rangePrecision, stretches.rangePrecision), "seed \(seed)")
    #expect(isNear(metrics.rangeRecall, stretches.rangeRecall), "seed \(seed)")
    #expect(isNear(metrics.rangeF1, stretches.rangeF1), "seed \(seed)")
    #expect(isNear(metrics.eventF1, stretches.eventF1), "seed \(seed)")
    #expect(isNear(metrics.affiliationF1, stretches.affiliationF1), "seed \(seed)")
    #expect(isNear(metrics.falseAlarmsPerDeviceDay, naive.falseAlarmsPerDeviceDay), "seed \(seed)")
    #expect(isNear(metrics.eventRecall, naive.eventRecall), "seed \(seed)")
    // The floors are detectors as any other.
    let alarm = windows.map { window in
      var window = window
      window.score = 0
      window.isFlagged = true
      return window
    }
    let always = NaiveFigures(alarm, labels)
    let floor = metrics.floors.alwaysAlarm
    #expect(isNear(floor.aucPR, always.averagePrecision), "seed \(seed)")
    #expect(isNear(floor.vusPR, always.volume), "seed \(seed)")
    #expect(isNear(floor.vusROC, always.rocVolume), "seed \(seed)")
    #expect(isNear(floor.affiliationF1, NaiveStretches(series: always.series).affiliationF1), "seed \(seed)")
    #expect(isNear(floor.falseAlarmsPerDeviceDay, always.falseAlarmsPerDeviceDay), "seed \(seed)")
    #expect(floor.eventRecall == always.eventRecall, "seed \(seed)")
    #expect(metrics.floors.null.vusPR == floor.vusPR, "seed \(seed)")
    #expect(metrics.floors.null.eventRecall == naive.eventRecall.map { _ in 0 }, "seed \(seed)")
    #expect((metrics.floors.random.vusPR == nil) == (metrics.vusPR == nil), "seed \(seed)")
  }

  /// Whatever counts windows is the same without those that are ignored; only the scored time is another.
  @Test(arguments: UInt64(1)...50) func anIgnoredWindowCountsInNoFigureOfWindows(seed: UInt64) {
    let (windows, labels) = RandomFleet.drawn(seed)
    let truth = GroundTruth(labels)
    let all = Evaluation(windows: windows, labels: labels).metrics()
    let rest = Evaluation(windows: windows.filter { truth.truth(of: $0) != .ignored }, labels: labels)
      .metrics()
    #expect(rest.ignoredWindows == 0 && rest.windows == all.windows, "seed \(seed)")
    #expect(rest.precision == all.precision && rest.recall == all.recall && rest.f1 == all.f1, "seed \(seed)")
    #expect(rest.aucPR == all.aucPR && rest.vusPR == all.vusPR, "seed \(seed)")
    #expect(rest.aucROC == all.aucROC && rest.vusROC == all.vusROC, "seed \(seed)")
    #expect(
      rest.rangePrecision == all.rangePrecision && rest.rangeRecall == all.rangeRecall
        && rest.eventF1 == all.eventF1 && rest.affiliationF1 == all.affiliationF1, "seed \(seed)")
    #expect(rest.floors.alwaysAlarm.vusPR == all.floors.alwaysAlarm.vusPR, "seed \(seed)")
  }

  /// Sums of shares are off by a rounding where one is not careful; `== 1` is an expectation that people write.
  @Test(arguments: 1...60) func aPerfectRankingIsExactlyOne(anomalous: Int) {
    let windows = (0..<(anomalous + 25)).map { Windows.window($0, score: Double($0 / 2 * 2)) }
    let even = anomalous + anomalous % 2
    let labels = [Windows.label(0, Double(even) * 5)]
    #expect(Evaluation(windows: windows, labels: labels).metrics().aucPR == 1)
    var wrong = windows
    wrong[even].score = -1
    let area = Evaluation(windows: wrong, labels: labels).metrics().aucPR
    #expect(area.map { $0 < 1 } == true)
  }

  @Test(arguments: 1...60) func whereAllIsAnomalousNothingCanBeWrong(count: Int) {
    let windows = (0..<count).map { Windows.window($0, score: Double($0 % 7), flagged: true) }
    let metrics = Evaluation(windows: windows, labels: [Windows.label(0, Double(count) * 5)]).metrics()
    #expect(metrics.aucPR == 1 && metrics.vusPR == 1 && metrics.precision == 1 && metrics.recall == 1)
    #expect(metrics.falseAlarmsPerDeviceDay == 0 && metrics.eventRecall == 1)
    #expect(metrics.aucROC == nil && metrics.vusROC == nil, "there is no normal window to tell apart")
    #expect(metrics.rangeF1 == 1 && metrics.eventF1 == 1 && metrics.affiliationF1 == 1)
    #expect(metrics.floors.random.aucPR == 1 && metrics.floors.random.vusPR == 1)
  }

  @Test func oneWindow() {
    let normal = Evaluation(windows: [Windows.window(0, flagged: true)], labels: []).metrics()
    #expect(normal.precision == 0 && normal.recall == nil && normal.aucPR == nil && normal.vusPR == nil)
    #expect(normal.falseAlarmsPerDeviceDay == 1 / (5.0 / 1440))
    let anomalous = Evaluation(windows: [Windows.window(0)], labels: [Windows.label(0, 5)]).metrics()
    #expect(anomalous.precision == nil && anomalous.recall == 0 && anomalous.f1 == 0)
    #expect(anomalous.aucPR == 1 && anomalous.vusPR == 1 && anomalous.eventRecall == 0)
    #expect(anomalous.rangePrecision == nil && anomalous.rangeRecall == 0 && anomalous.rangeF1 == 0)
    #expect(anomalous.eventF1 == 0 && anomalous.affiliationF1 == 0)
    #expect(normal.rangePrecision == 0 && normal.rangeRecall == nil && normal.rangeF1 == nil)
    #expect(normal.eventF1 == nil && normal.affiliationF1 == nil && normal.aucROC == nil)
  }

  /// Ten minutes that hop by two: every instant lies in five windows, and is one instant of the day.
  @Test func aDeviceDayIsTheUnionOfWhatWasScored() {
    func window(_ minute: Int, device: String = "a", sensor: SensorID? = nil) -> ScoredWindow {
      ScoredWindow(
        device: DeviceID(device)!, sensor: sensor, start: Windows.minute(Double(minute)),
        end: Windows.minute(Double(minute + 10)), score: -1, isFlagged: true)
    }
    func rate(_ windows: [ScoredWindow]) -> Double? {
      Evaluation(windows: windows, labels: []).metrics().falseAlarmsPerDeviceDay
    }
    let hopping = stride(from: 0, to: 1431, by: 2).map { window($0) }
    #expect(rate(hopping) == 716)
    // Another device is another day, and a night that nobody scored is none.
    #expect(rate(hopping + [window(0, device: "b")]) == 717 / (1450.0 / 1440))
    #expect(rate([window(0), window(710)]) == 2 / (20.0 / 1440))
    // Two sensors that were scored at different times: the union of both.
    #expect(rate([window(0, sensor: Windows.heat), window(5, sensor: Windows.hum)]) == 2 / (15.0 / 1440))
    // A short window within a long one, in either order.
    let long = ScoredWindow(
      device: Windows.pump, sensor: nil, start: Windows.minute(0), end: Windows.minute(720), score: -1,
      isFlagged: true)
    #expect(rate([long, Windows.window(3)]) == 2)
  }

  @Test func aRowThatContradictsAnEarlierOneCountsAndIsTold() {
    let first = Windows.window(0, score: -1, flagged: true)
    let second = Windows.window(0, score: 1, flagged: false)
    let evaluation = Evaluation(windows: [first, second, second], labels: [])
    #expect(evaluation.contradictions == 1 && evaluation.metrics().falseAlarmsPerDeviceDay == 0)
    let newer = Windows.window(0, score: 1, flagged: false, revision: 2)
    let revised = Evaluation(windows: [newer, first], labels: [])
    #expect(revised.contradictions == 0 && revised.metrics().falseAlarmsPerDeviceDay == 0)
  }
}
