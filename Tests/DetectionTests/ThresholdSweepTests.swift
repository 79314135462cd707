import Detection
import DetectionCharts
import Foundation
import FoundationXML
import Telemetry
import Testing

/// Other thresholds on the same scores, beside their definitions.
@Suite struct ThresholdSweepTests {
  /// What a detector says that flags at or below `threshold`.
  private func flagged(_ windows: [ScoredWindow], at threshold: Double) -> [ScoredWindow] {
    windows.map { window in
      var window = window
      window.isFlagged = window.score <= threshold
      return window
    }
  }

  /// The figures of a row by the metrics of a run.
  private func row(_ windows: [ScoredWindow], _ labels: [Label], threshold: Double?) -> ThresholdSweep.Row {
    let metrics = Evaluation(windows: windows, labels: labels).metrics()
    let ignored = Evaluation(windows: windows, labels: labels).classifiedWindows.filter {
      $0.class == .ignored
    }
    return ThresholdSweep.Row(
      threshold: threshold,
      flagged: windows.count(where: \.isFlagged) - ignored.count { $0.window.isFlagged },
      recall: metrics.recall, precision: metrics.precision, f1: metrics.f1, eventRecall: metrics.eventRecall,
      falseAlarmsPerDeviceDay: metrics.falseAlarmsPerDeviceDay)
  }

  /// Why a row is not what its threshold gives; nil where it is.
  private func fault(_ row: ThresholdSweep.Row, _ windows: [ScoredWindow], _ labels: [Label]) -> String? {
    guard let threshold = row.threshold else { return nil }
    let naive = self.row(flagged(windows, at: threshold), labels, threshold: threshold)
    return naive == row ? nil : "\(row), and its definition gives \(naive)"
  }

  @Test(arguments: UInt64(1)...150) func everyRowIsWhatItsThresholdGives(seed: UInt64) {
    var (windows, labels) = RandomFleet.drawn(seed)
    guard !windows.isEmpty else { return }
    // Half of them flag as a threshold in use does, the others as models do that have their own.
    let inUse = seed.isMultiple(of: 2) ? 0.0 : nil
    if let inUse { windows = flagged(windows, at: inUse) }
    let sweep = ThresholdSweep(Evaluation(windows: windows, labels: labels), inUse: inUse)
    for row in sweep.rows + sweep.curve {
      #expect(fault(row, windows, labels) == nil, "seed \(seed)")
    }
    #expect(sweep.inUse == row(windows, labels, threshold: inUse), "seed \(seed)")
    #expect(sweep.rows.count { $0 == sweep.inUse } == 1, "seed \(seed)")
    let thresholds = sweep.rows.compactMap(\.threshold)
    #expect(thresholds == thresholds.sorted() && Set(thresholds).count == thresholds.count, "seed \(seed)")
    #expect(sweep.rows.first { $0.threshold != nil }?.flagged == 0, "seed \(seed)")
    #expect(sweep.rows.last?.recall == nil || sweep.rows.last?.recall == 1, "seed \(seed)")
    // The best of all that a threshold can give.
    let all = Set(windows.map(\.score)).map { row(flagged(windows, at: $0), labels, threshold: $0) }
    let best = all.compactMap(\.f1).max()
    #expect(sweep.bestF1?.f1 == best.map { max($0, 0) }, "seed \(seed)")
    if let bestF1 = sweep.bestF1, let best, best > 0 {
      #expect(sweep.rows.contains(bestF1), "seed \(seed)")
      #expect(all.allSatisfy { $0.f1 != best || $0.flagged >= bestF1.flagged }, "seed \(seed)")
    }
  }

  /// One score on the other side of a threshold: the row of that threshold is no longer right.
  @Test func oneScoreMovesItsRow() throws {
    let (windows, labels) = RandomFleet.drawn(4)
    let sweep = ThresholdSweep(Evaluation(windows: windows, labels: labels), inUse: nil)
    let row = try #require(sweep.rows.first { $0.flagged > 0 && $0.threshold != nil })
    let threshold = try #require(row.threshold)
    let classes = Evaluation(windows: windows, labels: labels).classifiedWindows
    let judged = try #require(classes.first { $0.class != .ignored && $0.window.score <= threshold }).window
    var damaged = windows
    let index = try #require(damaged.firstIndex(of: judged))
    damaged[index].score = threshold.nextUp
    #expect(fault(row, windows, labels) == nil)
    #expect(fault(row, damaged, labels) != nil)
  }

  /// A model that is trained with the threshold of a row rounds its scores elsewhere.
  @Test(arguments: UInt64(1)...30) func aNumberCanBeCopied(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "rho")
    let rho = 1 + generator.uniform()
    let sums = (0..<400).map { _ in
      // Many windows of a fault have nearly the same sum, next to nothing.
      generator.uniform() < 0.1 ? generator.uniform() * 1e-16 : 0.9 + generator.uniform() * 1.2
    }
    func windows(_ rho: Double) -> [ScoredWindow] {
      sums.enumerated().map { Windows.window($0, score: $1 - rho, flagged: !($1 - rho > 0)) }
    }
    let labels = [Windows.label(500, 700), Windows.label(1000, 1100)]
    let sweep = ThresholdSweep(Evaluation(windows: windows(rho), labels: labels), inUse: 0)
    for row in sweep.rows {
      guard let threshold = row.threshold else { continue }
      let again = windows(rho + threshold)
      #expect(self.row(again, labels, threshold: threshold) == row, "seed \(seed), \(threshold)")
      // And the table of that run is the same one.
      let moved = again.map { window in
        var window = window
        window.score += threshold
        return window
      }
      let second = ThresholdSweep(Evaluation(windows: moved, labels: labels), inUse: threshold)
      #expect(second.inUse == row && second.bestF1?.f1 == sweep.bestF1?.f1, "seed \(seed), \(threshold)")
    }
    #expect(
      sweep.rows.contains { ($0.threshold?.description.count ?? 99) <= 6 }, "short numbers, seed \(seed)")
  }

  @Test func infiniteScoresAreBeyondEveryThreshold() {
    let scores = [-Double.infinity, -1, 1, .infinity]
    let windows = scores.enumerated().map { Windows.window($0, score: $1, flagged: $1 <= 0) }
    let sweep = ThresholdSweep(
      Evaluation(windows: windows, labels: [Windows.label(0, 5)]), inUse: 0)
    #expect(sweep.rows.compactMap(\.threshold).allSatisfy { $0.isFinite })
    #expect(sweep.rows.map(\.flagged) == [1, 2, 3] && sweep.bestF1?.flagged == 1)
    #expect(ThresholdSweep(Evaluation(windows: [], labels: []), inUse: 0).rows.map(\.flagged) == [0])
  }
}

/// The picture of a sweep.
@Suite struct ThresholdChartTests {
  private func sweep(damaged: Bool = false, inUse: Double? = 0) -> ThresholdSweep {
    let windows = (0..<288).map { index -> ScoredWindow in
      let score = Double((index * 7919) % 1000) / 1000 - (100...110 ~= index ? 1 : 0.3)
      return Windows.window(index, score: score - (damaged && index == 105 ? 0.5 : 0), flagged: score <= 0)
    }
    return ThresholdSweep(
      Evaluation(windows: windows, labels: [Windows.label(500, 555)]), inUse: inUse)
  }

  @Test(arguments: [0, nil] as [Double?]) func itStandsByItselfAndMarksBothThresholds(inUse: Double?) throws {
    let name = inUse == nil ? "cross_validated" : "training"
    let svg = try #require(ThresholdChart.svg(sweep(inUse: inUse), inUse: name))
    _ = try XMLDocument(xmlString: svg)
    #expect(svg.contains("viewBox=\"0 0 720 "))
    for name in ["<script", "<image", "<use", "<a ", "<foreignObject", "style=", "onload="] {
      #expect(!svg.contains(name))
    }
    func count(_ role: String) -> Int {
      svg.matches(of: /class="([^"]*)"/).count { $0.1.split(separator: " ").contains { $0 == role } }
    }
    // Four figures above and one below, each with both thresholds.
    #expect(count("line") == 5 && count("in-use") == 2 && count("best-f1") == 2 && count("mark") == 5)
    #expect(svg.contains("best F1, an oracle&#39;s") || svg.contains("best F1, an oracle's"))
    #expect(svg.contains(inUse == nil ? "cross_validated, each model its own" : "in use: 0 (training)"))
    #expect(svg.contains("prefers-color-scheme:dark"))
    #expect(svg == ThresholdChart.svg(sweep(inUse: inUse), inUse: name))
  }

  @Test func oneScoreMovesTheLines() {
    #expect(
      ThresholdChart.svg(sweep(), inUse: nil) != ThresholdChart.svg(sweep(damaged: true), inUse: nil))
  }
}
