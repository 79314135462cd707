import Detection
import Foundation
import Telemetry

/// The figures of `docs/evaluation.md`, computed as their definitions say and as slowly as that is: the oracle of the tests.
struct NaiveFigures {
  /// A window with what it is.
  struct Judged {
    var score: Double
    var isFlagged: Bool
    var isAnomalous: Bool
  }

  /// The windows of each model in order of time, without the ignored ones.
  let series: [[Judged]]
  let windows: [ScoredWindow]
  let labels: [Label]

  init(_ windows: [ScoredWindow], _ labels: [Label]) {
    self.windows = windows
    self.labels = labels
    let models = Set(windows.map { "\($0.device.name)/\($0.sensor?.name ?? "*")" })
    series = models.sorted().map { model in
      windows.filter { "\($0.device.name)/\($0.sensor?.name ?? "*")" == model }
        .sorted { $0.start < $1.start }
        .compactMap { window in
          guard let isAnomalous = Self.isAnomalous(window, labels) else { return nil }
          return Judged(score: window.score, isFlagged: window.isFlagged, isAnomalous: isAnomalous)
        }
    }
  }

  private static func concerns(_ label: Label, _ window: ScoredWindow) -> Bool {
    label.device == window.device
      && (label.sensor == nil || window.sensor == nil || label.sensor == window.sensor)
  }

  /// Nil where the window is ignored. Counts second by second; times of the tests are whole seconds.
  private static func isAnomalous(_ window: ScoredWindow, _ labels: [Label]) -> Bool? {
    let labels = labels.filter { concerns($0, window) && $0.start < window.end && window.start < $0.end }
    if labels.contains(where: { window.start <= $0.start && $0.end <= window.end }) { return true }
    let seconds = Array(stride(from: window.start.milliseconds, to: window.end.milliseconds, by: 1000))
    let covered = seconds.count { second in
      labels.contains { $0.start.milliseconds <= second && second < $0.end.milliseconds }
    }
    if 2 * covered >= seconds.count { return true }
    return labels.isEmpty ? false : nil
  }

  private var all: [Judged] { series.flatMap(\.self) }

  /// At each distinct score as a threshold: what is gained in recall, times the precision there.
  var averagePrecision: Double? {
    let positives = all.count(where: \.isAnomalous)
    guard positives > 0 else { return nil }
    var area = 0.0
    var before = 0.0
    for threshold in Set(all.map(\.score)).sorted() {
      let flagged = all.filter { $0.score <= threshold }
      let hits = Double(flagged.count(where: \.isAnomalous))
      area += (hits / Double(positives) - before) * (hits / Double(flagged.count))
      before = hits / Double(positives)
    }
    return area
  }

  /// Device-days, minute by minute; times of the windows are whole minutes.
  var deviceDays: Double {
    var minutes: Set<String> = []
    for window in windows {
      for minute in stride(from: window.start.milliseconds, to: window.end.milliseconds, by: 60_000) {
        minutes.insert("\(window.device.name) \(minute)")
      }
    }
    return Double(minutes.count) / 1440
  }

  var falseAlarmsPerDeviceDay: Double {
    Double(all.count { $0.isFlagged && !$0.isAnomalous }) / deviceDays
  }

  /// Of the labels that overlap a window, the share that overlap a flagged one.
  var eventRecall: Double? {
    func overlapped(by label: Label) -> [ScoredWindow] {
      windows.filter { Self.concerns(label, $0) && label.start < $0.end && $0.start < label.end }
    }
    let events = labels.filter { !overlapped(by: $0).isEmpty }
    guard !events.isEmpty else { return nil }
    return Double(events.count { overlapped(by: $0).contains(where: \.isFlagged) }) / Double(events.count)
  }

  /// Of all pairs of an anomalous and a normal window, the share in which the anomalous one has the lower score, equal ones by half.
  var rocArea: Double? {
    let normal = all.filter { !$0.isAnomalous }.map(\.score)
    let anomalous = all.filter(\.isAnomalous).map(\.score)
    guard !normal.isEmpty, !anomalous.isEmpty else { return nil }
    let won = anomalous.flatMap { a in normal.map { a < $0 ? 1 : a == $0 ? 0.5 : 0 } }
    return won.reduce(0, +) / Double(won.count)
  }

  /// The mean over widths 0 to 10 of the area under the range-based precision-recall curve of 250 thresholds.
  var volume: Double? {
    guard all.contains(where: \.isAnomalous) else { return nil }
    return (0...10).map { areas(width: $0).pr }.reduce(0, +) / 11
  }

  /// The same of the receiver operating characteristic.
  var rocVolume: Double? {
    guard Set(all.map(\.isAnomalous)).count == 2 else { return nil }
    return (0...10).map { areas(width: $0).roc }.reduce(0, +) / 11
  }

  /// All stretches of true values of `series`.
  private func stretches(_ series: [Bool]) -> [ClosedRange<Int>] {
    series.indices.filter { series[$0] && ($0 == 0 || !series[$0 - 1]) }.map { first in
      var last = first
      while last + 1 < series.count, series[last + 1] { last += 1 }
      return first...last
    }
  }

  private func areas(width: Int) -> (pr: Double, roc: Double) {
    let half = width / 2
    // What each window counts where it is flagged, and the stretches of which something must be found.
    let soft = series.map { windows -> [Double] in
      let cores = stretches(windows.map(\.isAnomalous))
      return windows.indices.map { index in
        if windows[index].isAnomalous { return 1 }
        return min(
          1,
          cores.reduce(0) { sum, core in
            let distance = index < core.lowerBound ? core.lowerBound - index : index - core.upperBound
            return distance > half ? sum : sum + (1 - Double(distance) / Double(width)).squareRoot()
          })
      }
    }
    let wide = series.map { windows -> [ClosedRange<Int>] in
      var joined: [ClosedRange<Int>] = []
      for core in stretches(windows.map(\.isAnomalous)) {
        let range = max(core.lowerBound - half, 0)...min(core.upperBound + half, windows.count - 1)
        // Those that have a window in common are one.
        if let last = joined.last, last.overlaps(range) {
          joined[joined.count - 1] = last.lowerBound...range.upperBound
        } else {
          joined.append(range)
        }
      }
      return joined
    }
    let sorted = all.map(\.score).sorted()
    let positives = Double(all.count(where: \.isAnomalous))
    var area = 0.0
    var before = 0.0
    var curve = [(recall: 0.0, falseAlarms: 0.0)]
    for step in 0..<250 {
      let place = step == 249 ? sorted.count - 1 : Int(Double(step) * (Double(sorted.count - 1) / 249))
      let isFlagged = series.map { $0.map { $0.score <= sorted[place] } }
      var found = 0.0
      var flanks = 0.0
      var reached = 0
      for number in series.indices {
        for index in series[number].indices where isFlagged[number][index] {
          found += soft[number][index]
          if !series[number][index].isAnomalous { flanks += soft[number][index] }
        }
        reached += wide[number].count { $0.contains { isFlagged[number][$0] } }
      }
      let existence = Double(reached) / Double(wide.reduce(0) { $0 + $1.count })
      let demanded = (positives + positives + flanks) / 2
      let recall = min(found / demanded, 1) * existence
      let count = Double(isFlagged.joined().count { $0 })
      area += (recall - before) * found / count
      before = recall
      curve.append((recall, (count - found) / (Double(sorted.count) - demanded)))
    }
    curve.append((1, 1))
    let roc = zip(curve, curve.dropFirst()).map { a, b in
      (b.falseAlarms - a.falseAlarms) * (a.recall + b.recall) / 2
    }
    return (area, roc.reduce(0, +))
  }
}
