import Telemetry

/// Several detectors on the same devices, each held against the first: differences of figures, with intervals from a paired bootstrap
/// (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; percentiles).
///
/// A resample draws units of the recordings with replacement, the same for every detector, so that what is easy or hard for all of them
/// takes no part in the difference. Units are devices; where there are few, they are blocks of time, since neighbouring windows are no
/// separate cases.
package struct DetectorComparison: Sendable {
  /// What is compared.
  package enum Figure: String, CaseIterable, Sendable, Codable {
    case precision, recall, f1
    case aucPR = "auc_pr"
    case aucROC = "auc_roc"
    case eventRecall = "event_recall"
    case falseAlarmsPerDeviceDay = "false_alarms_per_device_day"
  }

  /// By how much a detector differs from the first.
  package struct Difference: Hashable, Sendable {
    package let figure: Figure
    /// The detector's figure less the first one's; nil where one of both has none.
    package let value: Double?
    /// The ends of the interval; nil where fewer than half of the resamples have the figure.
    package let low: Double?
    package let high: Double?
  }

  /// What is drawn.
  package enum Unit: String, Sendable, Codable {
    case devices
    case blocks = "blocks of time"
  }

  /// A list a detector after the first, in the order of ``Figure``.
  package let differences: [[Difference]]
  package let unit: Unit
  package let units: Int
  package let resamples: Int
  package let seed: UInt64

  /// How many resamples there are where nothing is said: the ends of a 95% interval then rest on 25 of them each.
  package static let standardResamples = 1000
  /// Fewer leave nothing beyond the ends of an interval; more take minutes and change no digit that is read.
  package static let resampleBounds = 100...1_000_000
  /// As many devices as are drawn as units; of fewer, a resample is mostly one of a few cases.
  static let leastDevices = 5
  /// Blocks of time that all devices together are cut into, about: enough for an interval, and long beside the windows.
  static let blocks = 40
  /// Share of the resamples beyond each end of an interval.
  static let tail = 0.025

  /// - Parameter evaluations: At least one, each with the same labels.
  package init(
    _ evaluations: [Evaluation], resamples: Int = Self.standardResamples, seed: UInt64 = 1
  ) {
    let division = Division(evaluations)
    unit = division.unit
    units = division.count
    self.resamples = resamples
    self.seed = seed
    let tallies = evaluations.map { Tally($0, division) }
    let whole = tallies.map { $0.figures([Int](repeating: 1, count: division.count)) }
    var drawn = [[[Double]]](
      repeating: [[Double]](repeating: [], count: Figure.allCases.count), count: max(0, tallies.count - 1))
    var generator = SeededGenerator(seed: seed, stream: RandomStream.comparison)
    for _ in 0..<(division.count == 0 || tallies.count < 2 ? 0 : resamples) {
      var weights = [Int](repeating: 0, count: division.count)
      for _ in 0..<division.count { weights[generator.index(below: division.count)] += 1 }
      let figures = tallies.map { $0.figures(weights) }
      for other in 1..<figures.count {
        for index in Figure.allCases.indices {
          guard let first = figures[0][index], let second = figures[other][index] else { continue }
          drawn[other - 1][index].append(second - first)
        }
      }
    }
    differences = drawn.enumerated().map { other, samples in
      Figure.allCases.enumerated().map { index, figure in
        let sorted = samples[index].sorted()
        let isKnown = !sorted.isEmpty && 2 * sorted.count >= resamples
        let value = whole[0][index].flatMap { first in whole[other + 1][index].map { $0 - first } }
        func end(_ share: Double) -> Double {
          sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
        return Difference(
          figure: figure, value: value, low: isKnown ? end(Self.tail) : nil,
          high: isKnown ? end(1 - Self.tail) : nil)
      }
    }
  }
}

/// Which unit each window and event belongs to.
private struct Division {
  let unit: DetectorComparison.Unit
  private(set) var count = 0
  /// Where the blocks of a device begin, ascending; the first takes everything before the second.
  private var starts: [DeviceID: [Timestamp]] = [:]
  private var first: [DeviceID: Int] = [:]

  init(_ evaluations: [Evaluation]) {
    var spans: [DeviceID: (start: Timestamp, end: Timestamp)] = [:]
    var events: [DeviceID: [(start: Timestamp, end: Timestamp)]] = [:]
    for evaluation in evaluations {
      for window in evaluation.tracks.joined() {
        let known = spans[window.device] ?? (window.start, window.end)
        spans[window.device] = (min(known.start, window.start), max(known.end, window.end))
      }
      for event in evaluation.events {
        events[event.device, default: []].append((event.start, event.end))
      }
    }
    let isByDevice = spans.count >= DetectorComparison.leastDevices
    unit = isByDevice ? .devices : .blocks
    let blocks = isByDevice ? 1 : max(1, DetectorComparison.blocks / max(1, spans.count))
    for (device, span) in spans.sorted(by: { $0.key < $1.key }) {
      let length = (span.end - span.start).milliseconds
      var starts = [span.start]
      for block in 1..<max(1, blocks) {
        var start = span.start + .milliseconds(length / Int64(blocks) * Int64(block))
        // No event is cut in two.
        while let event = events[device]?.first(where: { $0.start < start && start < $0.end }) {
          start = event.end
        }
        if let last = starts.last, start > last, start < span.end { starts.append(start) }
      }
      self.starts[device] = starts
      first[device] = count
      count += starts.count
    }
  }

  /// The unit of what begins at `start`.
  func unit(of device: DeviceID, at start: Timestamp) -> Int {
    guard let starts = starts[device], let first = first[device] else { return 0 }
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= start { low = middle + 1 } else { high = middle }
    }
    return first + max(0, low - 1)
  }
}

/// What a detector came to, unit by unit.
private struct Tally {
  private struct Window {
    var score: Double
    var unit: Int
    var isAnomalous: Bool
  }

  private struct Count {
    var flagged = 0
    var hits = 0
    var anomalous = 0
    var events = 0
    var found = 0
    var deviceDays = 0.0
  }

  /// By score.
  private var windows: [Window] = []
  private var counts: [Count]

  init(_ evaluation: Evaluation, _ division: Division) {
    counts = [Count](repeating: Count(), count: division.count)
    var timed = [[ScoredWindow]](repeating: [], count: division.count)
    for track in evaluation.tracks {
      for (window, truth) in zip(track.windows, track.truths) {
        let unit = division.unit(of: window.device, at: window.start)
        timed[unit].append(window)
        guard truth != .ignored else { continue }
        windows.append(Window(score: window.score, unit: unit, isAnomalous: truth == .anomalous))
        if truth == .anomalous { counts[unit].anomalous += 1 }
        guard window.isFlagged else { continue }
        counts[unit].flagged += 1
        if truth == .anomalous { counts[unit].hits += 1 }
      }
    }
    for unit in timed.indices { counts[unit].deviceDays = ScoredTime.deviceDays(of: timed[unit]) }
    for event in evaluation.events {
      let unit = division.unit(of: event.device, at: event.start)
      counts[unit].events += 1
      let isFound = event.windows.contains { evaluation.tracks[$0.track].windows[$0.index].isFlagged }
      if isFound { counts[unit].found += 1 }
    }
    windows.sort { $0.score < $1.score }
  }

  /// The figures where each unit is there so many times, in the order of ``DetectorComparison/Figure``.
  func figures(_ weights: [Int]) -> [Double?] {
    var (flagged, hits, anomalous, events, found) = (0, 0, 0, 0, 0)
    var deviceDays = 0.0
    for (count, weight) in zip(counts, weights) where weight > 0 {
      flagged += weight * count.flagged
      hits += weight * count.hits
      anomalous += weight * count.anomalous
      events += weight * count.events
      found += weight * count.found
      deviceDays += Double(weight) * count.deviceDays
    }
    let areas = areas(weights, anomalous: anomalous)
    return DetectorComparison.Figure.allCases.map { figure in
      switch figure {
      case .precision: flagged == 0 ? nil : Double(hits) / Double(flagged)
      case .recall: anomalous == 0 ? nil : Double(hits) / Double(anomalous)
      case .f1: anomalous == 0 ? nil : 2 * Double(hits) / Double(flagged + anomalous)
      case .aucPR: areas.pr
      case .aucROC: areas.roc
      case .eventRecall: events == 0 ? nil : Double(found) / Double(events)
      case .falseAlarmsPerDeviceDay: deviceDays == 0 ? nil : Double(flagged - hits) / deviceDays
      }
    }
  }

  /// As ``PrecisionRecall/averagePrecision(_:)`` and ``ReceiverOperatingCharacteristic/area(_:)``, of windows that are there several
  /// times.
  private func areas(_ weights: [Int], anomalous: Int) -> (pr: Double?, roc: Double?) {
    guard anomalous > 0 else { return (nil, nil) }
    var (found, seen) = (0, 0)
    var (area, misranked) = (0.0, 0.0)
    var index = 0
    while index < windows.count {
      let score = windows[index].score
      var (hits, misses) = (0, 0)
      while index < windows.count, windows[index].score == score {
        let weight = weights[windows[index].unit]
        if windows[index].isAnomalous { hits += weight } else { misses += weight }
        index += 1
      }
      // Each normal window lies before the anomalous ones that are still to come, and beside those of its own score.
      misranked += Double(misses) * (Double(anomalous - found - hits) + Double(hits) / 2)
      seen += hits + misses
      found += hits
      if hits > 0 { area += Double(hits) * (Double(found) / Double(seen)) }
    }
    let pairs = Double(anomalous) * Double(seen - anomalous)
    return (area / Double(anomalous), pairs > 0 ? 1 - misranked / pairs : nil)
  }
}

extension [Evaluation.Track] {
  /// The windows of all tracks.
  fileprivate func joined() -> [ScoredWindow] { flatMap(\.windows) }
}
