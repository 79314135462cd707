import Detection
import Foundation
import Telemetry
import Testing

/// The floor that needs more than the predictions: what another detector says of the same windows.
@Suite struct ThreeSigmaFloorTests {
  /// Forty windows, of which the last ten are anomalous; the floor sees them, and has two false alarms.
  private static let labels = [Windows.label(150, 200)]
  private static let windows = (0..<40).map {
    Windows.window($0, score: Double(($0 * 7) % 10) - 1, flagged: $0 % 10 == 0)
  }
  private static let floor = (0..<40).map {
    Windows.window($0, score: $0 >= 30 || $0 < 2 ? -1 : 2, flagged: $0 >= 30 || $0 < 2)
  }

  @Test func itHasTheFiguresOfADetector() throws {
    let metrics = Evaluation(windows: Self.windows, labels: Self.labels, threeSigma: Self.floor).metrics()
    let floor = try #require(metrics.floors.threeSigma)
    let own = Evaluation(windows: Self.floor, labels: Self.labels).metrics()
    #expect(floor.precision == own.precision && floor.precision == 10.0 / 12)
    #expect(floor.recall == own.recall && floor.f1 == own.f1)
    #expect(floor.aucPR == own.aucPR && floor.aucROC == own.aucROC)
    #expect(floor.vusPR == own.vusPR && floor.vusROC == own.vusROC)
    #expect(floor.rangePrecision == own.rangePrecision && floor.rangeRecall == own.rangeRecall)
    #expect(floor.rangeF1 == own.rangeF1 && floor.eventF1 == own.eventF1)
    #expect(floor.affiliationF1 == own.affiliationF1 && floor.eventRecall == own.eventRecall)
    #expect(floor.falseAlarmsPerDeviceDay == own.falseAlarmsPerDeviceDay)
    // The detector itself is none the wiser.
    let alone = Evaluation(windows: Self.windows, labels: Self.labels).metrics()
    #expect(alone.floors.threeSigma == nil && alone.floors.random == metrics.floors.random)
    #expect(alone.vusPR == metrics.vusPR)
    let data = try JSONEncoder().encode(metrics)
    #expect(try JSONDecoder().decode(DetectionMetrics.self, from: data) == metrics)
  }

  /// A window that the floor does not know is its least anomalous one, and is not flagged.
  @Test func aWindowThatItDoesNotKnowIsUsual() throws {
    let part = Self.floor.filter { $0.start != Self.floor[35].start }
    let metrics = Evaluation(
      windows: Self.windows, labels: Self.labels, threeSigma: part + [Windows.window(99, score: 50)]
    ).metrics()
    var expected = Self.floor
    (expected[35].score, expected[35].isFlagged) = (2, false)
    let own = Evaluation(windows: expected, labels: Self.labels).metrics()
    let floor = try #require(metrics.floors.threeSigma)
    #expect(floor.recall == 0.9 && floor.vusPR == own.vusPR && floor.aucROC == own.aucROC)
    let others = Evaluation(
      windows: Self.windows, labels: Self.labels, threeSigma: [Windows.window(99, score: 50)]
    ).metrics()
    #expect(others.floors.threeSigma == nil)
  }

  @Test func aDetectorThatIsNotBetterIsToldSo() throws {
    func shortfall(
      _ windows: [ScoredWindow], labels: [Label] = Self.labels, floor: [ScoredWindow] = Self.floor
    ) -> String? {
      Evaluation(windows: windows, labels: labels, threeSigma: floor).metrics().shortfall()
    }
    let sentence = shortfall(Self.windows)
    let told = try #require(sentence)
    #expect(told.hasPrefix("the detector is no better than floors.three_sigma: vus_pr 0."))
    #expect(shortfall(Self.floor) != nil, "as good is not better")
    // Whoever tells apart what the floor does not is better.
    var better = Self.floor
    for index in 0..<2 { better[index].score = 2 }
    #expect(shortfall(better) == nil)
    // Nothing is said where nothing is known.
    #expect(shortfall(Self.windows, floor: []) == nil)
    #expect(shortfall(Self.windows, labels: []) == nil)
  }
}
