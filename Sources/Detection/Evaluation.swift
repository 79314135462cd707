import Telemetry

/// Holds predictions against labels.
package struct Evaluation: Sendable {
  /// The windows of one model, in order of time, each with what it is.
  struct Track {
    var windows: [ScoredWindow] = []
    var truths: [WindowTruth] = []
  }

  /// What a detector says of a window.
  private struct Call {
    var score: Double
    var isFlagged: Bool
  }

  /// Tells a window from others, whatever is said of it.
  private struct Key: Hashable {
    var device: DeviceID
    var sensor: SensorID?
    var start: Timestamp

    init(_ window: ScoredWindow) {
      device = window.device
      sensor = window.sensor
      start = window.start
    }
  }

  /// A label, with the windows that it overlaps.
  struct Event {
    var device: DeviceID
    var kind: String
    var start: Timestamp
    var end: Timestamp
    var windows: [(track: Int, index: Int)]
  }

  let tracks: [Track]
  let events: [Event]
  private let unscoredEvents: Int
  let deviceDays: Double
  private let seed: UInt64
  /// What the floor `three_sigma` says of the windows; nil where nobody knows.
  private let threeSigma: [[Call]]?
  /// How many rows say something else of a window than an earlier row of the same revision did. The later row counts.
  package let contradictions: Int

  /// Prepares the evaluation of `windows`. Of several revisions of one window the latest counts, and of several rows of one
  /// revision the last. `seed` is that of the random floor.
  ///
  /// - Parameters:
  ///   - marks: Whether each window is anomalous, where the file itself says so; the labels then only say which windows are one event.
  ///     Nil where the labels say both.
  ///   - threeSigma: What the floor of that name says, of these windows and of others. A window that it does not speak of counts as its
  ///     least anomalous; where it speaks of none, there is no such floor.
  package init(
    windows: [ScoredWindow], labels: [Label], marks: [Bool]? = nil, threeSigma: [ScoredWindow] = [],
    seed: UInt64 = 1
  ) {
    struct Model: Hashable {
      var device: DeviceID
      var sensor: SensorID?
    }
    var newest: [Key: ScoredWindow] = [:]
    var marked: [Key: Bool] = [:]
    var contradictions = 0
    for (index, window) in windows.enumerated() {
      let key = Key(window)
      if let known = newest[key] {
        if known.revision > window.revision { continue }
        // Which job has scored it is no part of what is said.
        var other = window
        other.firedAt = known.firedAt
        if known.revision == window.revision, known != other { contradictions += 1 }
      }
      newest[key] = window
      if let marks { marked[key] = marks[index] }
    }
    self.contradictions = contradictions
    self.seed = seed
    let truth = GroundTruth(labels)
    let byModel = Dictionary(grouping: newest.values) { Model(device: $0.device, sensor: $0.sensor) }
    let models = byModel.keys.sorted { a, b in
      if a.device != b.device { return a.device < b.device }
      return (a.sensor?.name ?? "") < (b.sensor?.name ?? "")
    }
    let tracks = models.map { model -> Track in
      let windows = (byModel[model] ?? []).sorted { $0.start < $1.start }
      let labels = truth.labels(of: model.device, sensor: model.sensor)
      let truths = windows.map { window -> WindowTruth in
        if let mark = marked[Key(window)] { return mark ? .anomalous : .normal }
        return GroundTruth.truth(of: window, among: labels)
      }
      return Track(windows: windows, truths: truths)
    }
    self.tracks = tracks
    deviceDays = ScoredTime.deviceDays(of: newest.values)
    events = Self.events(labels, in: tracks)
    unscoredEvents = labels.count - events.count
    self.threeSigma = Self.calls(of: threeSigma, in: tracks)
  }

  /// What another detector says of the windows of `tracks`; nil where it speaks of none of them.
  private static func calls(of others: [ScoredWindow], in tracks: [Track]) -> [[Call]]? {
    guard !others.isEmpty else { return nil }
    let known = Dictionary(
      others.map { (Key($0), Call(score: $0.score, isFlagged: $0.isFlagged)) }, uniquingKeysWith: { $1 })
    let calls = tracks.map { track in track.windows.map { known[Key($0)] } }
    let highest = calls.joined().compactMap { $0?.score }.max()
    return highest.map { highest in
      calls.map { $0.map { $0 ?? Call(score: highest, isFlagged: false) } }
    }
  }

  /// The labels that overlap a scored window, ignored windows among them: what share of a window an anomaly covers depends on
  /// where windows begin, and an anomaly must not drop out of the count because of that.
  private static func events(_ labels: [Label], in tracks: [Track]) -> [Event] {
    let byDevice = Dictionary(grouping: tracks.indices) { tracks[$0].windows.first?.device }
    return labels.compactMap { label in
      var event = Event(
        device: label.device, kind: label.kind, start: label.start, end: label.end, windows: [])
      for track in byDevice[label.device] ?? [] where label.concerns(tracks[track].windows.first?.sensor) {
        for (index, window) in tracks[track].windows.enumerated()
        where label.start < window.end && window.start < label.end {
          event.windows.append((track, index))
        }
      }
      return event.windows.isEmpty ? nil : event
    }
  }

  /// The figures.
  package func metrics() -> DetectionMetrics {
    let calls = tracks.map { $0.windows.map { Call(score: $0.score, isFlagged: $0.isFlagged) } }
    let truths = tracks.flatMap(\.truths)
    let figures = figures(of: calls)
    let delays = delays(of: calls)
    let found = delays.compactMap(\.self)
    let byKind = Dictionary(grouping: events.indices) { events[$0].kind }
    return DetectionMetrics(
      windows: truths.count { $0 != .ignored }, anomalousWindows: truths.count { $0 == .anomalous },
      ignoredWindows: truths.count { $0 == .ignored },
      precision: figures.precision, recall: figures.recall, f1: figures.f1, aucPR: figures.aucPR,
      aucROC: figures.aucROC, vusPR: figures.vusPR, vusROC: figures.vusROC,
      rangePrecision: figures.rangePrecision, rangeRecall: figures.rangeRecall, rangeF1: figures.rangeF1,
      eventF1: figures.eventF1, affiliationF1: figures.affiliationF1, delaySeconds: quantiles(of: found),
      falseAlarmsPerDeviceDay: figures.falseAlarmsPerDeviceDay, events: events.count,
      detectedEvents: found.count, eventRecall: figures.eventRecall, unscoredEvents: unscoredEvents,
      byKind: byKind.mapValues { numbers in
        let found = numbers.count { delays[$0] != nil }
        return .init(
          events: numbers.count, detected: found, recall: Double(found) / Double(numbers.count))
      },
      floors: floors(calls))
  }

  /// What a detector reaches that says `calls`, a list for each track. Ignored windows are taken out first, so every figure
  /// that counts windows is that of a file without them. They stay in the scored time, for somebody watched then.
  private func figures(of calls: [[Call]]) -> DetectionMetrics.Floor {
    let series = zip(tracks, calls).map { track, calls in
      var series = JudgedSeries()
      for (call, truth) in zip(calls, track.truths) where truth != .ignored {
        series.append(
          score: -call.score, isFlagged: call.isFlagged, isAnomalous: truth == .anomalous)
      }
      return series
    }
    let windows = series.flatMap { series in
      zip(series.scores, series.isAnomalous).map { (score: -$0, isAnomalous: $1) }
    }
    let flagged = series.reduce(0) { $0 + $1.isFlagged.count { $0 } }
    let anomalous = windows.count(where: \.isAnomalous)
    let hits = series.reduce(0) { $0 + zip($1.isFlagged, $1.isAnomalous).count { $0 && $1 } }
    let volumes = VolumeUnderSurface(series).volumes()
    let ranges = RangeScores(series)
    let found = delays(of: calls).count { $0 != nil }
    return .init(
      precision: flagged == 0 ? nil : Double(hits) / Double(flagged),
      recall: anomalous == 0 ? nil : Double(hits) / Double(anomalous),
      // Equal to 2·P·R/(P+R), and 0 rather than undefined where nothing was hit.
      f1: anomalous == 0 ? nil : 2 * Double(hits) / Double(flagged + anomalous),
      aucPR: PrecisionRecall.averagePrecision(windows),
      aucROC: ReceiverOperatingCharacteristic.area(windows),
      vusPR: volumes.precisionRecall, vusROC: volumes.receiverOperatingCharacteristic,
      rangePrecision: ranges.precision, rangeRecall: ranges.recall, rangeF1: ranges.f1,
      eventF1: EventScores(series).f1, affiliationF1: AffiliationScores(series).f1,
      falseAlarmsPerDeviceDay: deviceDays == 0 ? nil : Double(flagged - hits) / deviceDays,
      eventRecall: events.isEmpty ? nil : Double(found) / Double(events.count))
  }

  private func floors(_ calls: [[Call]]) -> DetectionMetrics.Floors {
    var generator = SeededGenerator(seed: seed, stream: RandomStream.randomFloor)
    let scores = tracks.map { $0.windows.map { _ in generator.uniform() } }
    let flagged = calls.reduce(0) { $0 + $1.count(where: \.isFlagged) }
    let threshold = flagged == 0 ? -1 : scores.flatMap(\.self).sorted()[flagged - 1]
    func constant(isFlagged: Bool) -> [[Call]] {
      calls.map { $0.map { _ in Call(score: 0, isFlagged: isFlagged) } }
    }
    return .init(
      null: figures(of: constant(isFlagged: false)),
      random: figures(of: scores.map { $0.map { Call(score: $0, isFlagged: $0 <= threshold) } }),
      alwaysAlarm: figures(of: constant(isFlagged: true)), threeSigma: threeSigma.map(figures))
  }

  /// For each event: seconds from its start to the end of the first flagged window, nil where none is flagged.
  private func delays(of calls: [[Call]]) -> [Double?] {
    events.map { event in
      event.windows.filter { calls[$0.track][$0.index].isFlagged }
        .map { (tracks[$0.track].windows[$0.index].knownAt - event.start).seconds }.min()
    }
  }

  /// Nearest-rank quantiles.
  private func quantiles(of delays: [Double]) -> DetectionMetrics.Delay? {
    let sorted = delays.sorted()
    guard let last = sorted.last else { return nil }
    func quantile(_ share: Double) -> Double {
      sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    return .init(p50: quantile(0.5), p90: quantile(0.9), max: last)
  }
}
