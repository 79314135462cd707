import Telemetry

/// Holds predictions against labels.
public struct Evaluation: Sendable {
  /// The windows of one model, in order of time, each with what it is.
  private struct Track {
    var windows: [ScoredWindow] = []
    var truths: [WindowTruth] = []
  }

  /// A window reduced to what counting needs.
  private struct Judged {
    var score: Double
    var isFlagged: Bool
    var isAnomalous: Bool
  }

  private let tracks: [Track]
  private let labels: [Label]
  private let seed: UInt64

  /// Prepares the evaluation of `windows`. Of several revisions of one window the latest counts. `seed` is that of the
  /// random floor.
  public init(windows: [ScoredWindow], labels: [Label], seed: UInt64 = 1) {
    struct Key: Hashable {
      var device: DeviceID
      var sensor: SensorID?
      var start: Timestamp
    }
    struct Model: Hashable {
      var device: DeviceID
      var sensor: SensorID?
    }
    var newest: [Key: ScoredWindow] = [:]
    for window in windows {
      let key = Key(device: window.device, sensor: window.sensor, start: window.start)
      if let known = newest[key], known.revision > window.revision { continue }
      newest[key] = window
    }
    let truth = GroundTruth(labels)
    self.seed = seed
    self.labels = labels
    let byModel = Dictionary(grouping: newest.values) { Model(device: $0.device, sensor: $0.sensor) }
    let models = byModel.keys.sorted { a, b in
      if a.device != b.device { return a.device < b.device }
      return (a.sensor?.name ?? "") < (b.sensor?.name ?? "")
    }
    tracks = models.map { model -> Track in
      let windows = (byModel[model] ?? []).sorted { $0.start < $1.start }
      let labels = truth.labels(of: model.device, sensor: model.sensor)
      return Track(windows: windows, truths: windows.map { GroundTruth.truth(of: $0, among: labels) })
    }
  }

  /// The figures.
  public func metrics() -> DetectionMetrics {
    let judged = tracks.flatMap { track in
      zip(track.windows, track.truths).compactMap { window, truth in
        truth == .ignored
          ? nil : Judged(score: window.score, isFlagged: window.isFlagged, isAnomalous: truth == .anomalous)
      }
    }
    let days = scoredDeviceDays()
    let counts = floor(judged, days: days)
    let events = events()
    let detected = events.values.joined().compactMap(\.self)
    let total = events.values.reduce(0) { $0 + $1.count }
    return DetectionMetrics(
      windows: judged.count, anomalousWindows: judged.count(where: \.isAnomalous),
      ignoredWindows: tracks.reduce(0) { $0 + $1.truths.count { $0 == .ignored } },
      precision: counts.precision, recall: counts.recall, f1: counts.f1, aucPR: counts.aucPR, vusPR: volume(),
      delaySeconds: delay(detected), falseAlarmsPerDeviceDay: counts.falseAlarmsPerDeviceDay, events: total,
      detectedEvents: detected.count, eventRecall: total == 0 ? nil : Double(detected.count) / Double(total),
      unscoredEvents: labels.count - total,
      byKind: events.mapValues { delays in
        let found = delays.count { $0 != nil }
        return .init(events: delays.count, detected: found, recall: Double(found) / Double(delays.count))
      },
      floors: floors(judged, days: days))
  }

  /// The time that was scored, in device-days. Models of several sensors of one device share its time. None where every window is
  /// of one instant: nobody knows for how long it speaks.
  private func scoredDeviceDays() -> Double {
    guard tracks.contains(where: { $0.windows.contains { $0.end - $0.start > ScoredWindow.instant } }) else {
      return 0
    }
    var spans: [DeviceID: Int64] = [:]
    for track in tracks {
      guard let device = track.windows.first?.device else { continue }
      let milliseconds = track.windows.reduce(0) { $0 + ($1.end - $1.start).milliseconds }
      spans[device] = max(spans[device] ?? 0, milliseconds)
    }
    return Double(spans.values.reduce(0, +)) / 86_400_000
  }

  private func floor(_ windows: [Judged], days: Double) -> DetectionMetrics.Floor {
    let flagged = windows.count(where: \.isFlagged)
    let anomalous = windows.count(where: \.isAnomalous)
    let hits = windows.count { $0.isFlagged && $0.isAnomalous }
    let precision = flagged == 0 ? nil : Double(hits) / Double(flagged)
    let recall = anomalous == 0 ? nil : Double(hits) / Double(anomalous)
    // Equal to 2·P·R/(P+R), and 0 rather than undefined where nothing was hit.
    let f1 = anomalous == 0 ? nil : 2 * Double(hits) / Double(flagged + anomalous)
    return .init(
      precision: precision, recall: recall, f1: f1,
      aucPR: PrecisionRecall.averagePrecision(windows.map { ($0.score, $0.isAnomalous) }),
      falseAlarmsPerDeviceDay: days == 0 ? nil : Double(flagged - hits) / days)
  }

  private func floors(_ windows: [Judged], days: Double) -> DetectionMetrics.Floors {
    func floor(_ change: (Int) -> (score: Double, isFlagged: Bool)) -> DetectionMetrics.Floor {
      self.floor(
        windows.indices.map { index in
          let (score, isFlagged) = change(index)
          return Judged(score: score, isFlagged: isFlagged, isAnomalous: windows[index].isAnomalous)
        }, days: days)
    }
    var generator = SeededGenerator(seed: seed, stream: "detection/random-floor")
    let scores = windows.map { _ in generator.uniform() }
    let flagged = windows.count(where: \.isFlagged)
    let threshold = flagged == 0 ? -1 : scores.sorted()[flagged - 1]
    return .init(
      null: floor { _ in (0, false) },
      random: floor { (scores[$0], scores[$0] <= threshold) },
      alwaysAlarm: floor { _ in (0, true) })
  }

  /// For each kind, for each label with a scored window: seconds until it was found, nil where it was not.
  private func events() -> [String: [Double?]] {
    let byDevice = Dictionary(grouping: tracks) { $0.windows.first?.device }
    var events: [String: [Double?]] = [:]
    for label in labels {
      let windows = (byDevice[label.device] ?? [])
        .filter { label.concerns($0.windows.first?.sensor) }
        .flatMap { $0.windows.filter { label.start < $0.end && $0.start < label.end } }
      guard !windows.isEmpty else { continue }
      let found = windows.filter(\.isFlagged).map(\.end).min()
      events[label.kind, default: []].append(found.map { ($0 - label.start).seconds })
    }
    return events
  }

  /// Nearest-rank quantiles.
  private func delay(_ delays: [Double]) -> DetectionMetrics.Delay? {
    let sorted = delays.sorted()
    guard let last = sorted.last else { return nil }
    func quantile(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    return .init(p50: quantile(0.5), p90: quantile(0.9), max: last)
  }

  /// Windows that are ignored elsewhere count as normal here: the measure brings its own tolerance.
  private func volume() -> Double? {
    VolumeUnderSurface(
      tracks.map { track in
        .init(scores: track.windows.map { -$0.score }, isAnomalous: track.truths.map { $0 == .anomalous })
      }
    ).volume()
  }
}
