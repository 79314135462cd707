/// What the same scores would give at other thresholds: figures of windows and events against the decision value at or below which
/// a window is flagged.
///
/// Windows, events and scored time are those of an ``Evaluation``; nothing is trained or scored again. A threshold that was
/// chosen by looking at its figures is an oracle's: nobody has the labels before.
package struct ThresholdSweep: Sendable {
  /// The figures at one threshold.
  package struct Row: Hashable, Sendable {
    /// Nil where models have thresholds of their own.
    package var threshold: Double?
    /// Windows flagged, without those ignored.
    package var flagged: Int
    package var recall: Double?
    package var precision: Double?
    package var f1: Double?
    package var eventRecall: Double?
    package var falseAlarmsPerDeviceDay: Double?

    package init(
      threshold: Double?, flagged: Int, recall: Double?, precision: Double?, f1: Double?,
      eventRecall: Double?, falseAlarmsPerDeviceDay: Double?
    ) {
      self.threshold = threshold
      self.flagged = flagged
      self.recall = recall
      self.precision = precision
      self.f1 = f1
      self.eventRecall = eventRecall
      self.falseAlarmsPerDeviceDay = falseAlarmsPerDeviceDay
    }
  }

  /// The figures of what is flagged in the files.
  package let inUse: Row
  /// The best F1 that any threshold gives, with the fewest flagged windows where several do; nil where nothing is anomalous. It is
  /// an oracle's.
  package let bestF1: Row?
  /// For a table: by threshold, ``inUse`` and ``bestF1`` among them, from nothing flagged to everything.
  package let rows: [Row]
  /// For a picture: more of them, by threshold; without ``inUse`` where that has no number.
  package let curve: [Row]
  /// Of what is swept over: windows judged, those of them that are anomalous, events, scored days.
  package let windows: Int
  package let anomalousWindows: Int
  package let events: Int
  package let deviceDays: Double

  /// Shares of the windows whose flagging has a row.
  static let shares = [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
  /// So many times the windows that are flagged in use have a row too: what is near is what one would change to.
  static let neighbours = [0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2, 4]
  /// Points of a curve: finer than the pixels of a picture.
  static let mostPoints = 400
  /// Scores that are nearer to each other than this share of the largest are not told apart: a model that is trained with another
  /// threshold rounds its scores elsewhere.
  static let closest = 1e-12

  /// - Parameters:
  ///   - evaluation: Its scores are what thresholds are compared with.
  ///   - threshold: The one in use; nil where models have thresholds of their own.
  package init(_ evaluation: Evaluation, inUse threshold: Double?) {
    let steps = Steps(evaluation)
    windows = steps.judged
    anomalousWindows = steps.anomalous
    events = steps.events
    deviceDays = evaluation.deviceDays
    let metrics = steps.inUse
    let inUse = steps.row(metrics, threshold: threshold)
    self.inUse = inUse
    let best = steps.best
    var chosen = Set(
      Self.shares.map { steps.index(flaggingAll: Int((Double(steps.scores.count) * $0).rounded())) })
    for factor in Self.neighbours {
      chosen.insert(steps.index(flagging: Int((Double(inUse.flagged) * factor).rounded())))
    }
    if let best { chosen.insert(best) }
    // The threshold in use has its own number and figures; the step that flags the same windows would be a second row of it.
    let own = steps.step(inUse: threshold)
    func row(_ step: Int) -> Row {
      step == own ? inUse : steps.row(steps.counts[step], threshold: steps.threshold(step))
    }
    bestF1 = best.map(row)
    var rows = chosen.sorted().map(row)
    if !rows.contains(inUse) {
      let place =
        rows.firstIndex { other in
          if let threshold, let number = other.threshold { return number > threshold }
          return other.flagged > inUse.flagged
        } ?? rows.count
      rows.insert(inUse, at: place)
    }
    self.rows = rows
    var drawn = Set(Thinned.indices(steps.counts.count, most: Self.mostPoints))
    if let best { drawn.insert(best) }
    if let own { drawn.insert(own) }
    curve = drawn.sorted().map(row)
  }
}

/// The sets of windows that some threshold flags, from none to all.
private struct Steps {
  struct Count {
    /// Windows at or below the threshold, ignored ones among them.
    var all = 0
    var flagged = 0
    var hits = 0
    var events = 0
  }

  /// Ascending.
  let scores: [Double]
  /// The first flags nothing, unless a score is infinitely low.
  private(set) var counts = [Count()]
  let judged: Int
  let anomalous: Int
  let events: Int
  let inUse: Count
  private let deviceDays: Double

  init(_ evaluation: Evaluation) {
    struct Window {
      var score: Double
      var truth: WindowTruth
    }
    var windows: [Window] = []
    var inUse = Count()
    for track in evaluation.tracks {
      for (window, truth) in zip(track.windows, track.truths) {
        windows.append(Window(score: window.score, truth: truth))
        guard window.isFlagged else { continue }
        inUse.all += 1
        if truth != .ignored { inUse.flagged += 1 }
        if truth == .anomalous { inUse.hits += 1 }
      }
    }
    windows.sort { $0.score < $1.score }
    // An event is found as soon as the threshold reaches the lowest score of its windows.
    let found = evaluation.events.map { event in
      event.windows.map { evaluation.tracks[$0.track].windows[$0.index] }
    }
    let lowest = found.compactMap { $0.map(\.score).min() }.sorted()
    inUse.events = found.count { $0.contains(where: \.isFlagged) }
    let largest = windows.lazy.map { abs($0.score) }.filter(\.isFinite).max() ?? 0
    let room = largest * ThresholdSweep.closest
    var count = Count()
    var event = 0
    for (index, window) in windows.enumerated() {
      count.all += 1
      if window.truth != .ignored { count.flagged += 1 }
      if window.truth == .anomalous { count.hits += 1 }
      let isLast = index == windows.count - 1
      if !isLast, !(windows[index + 1].score - window.score > room) { continue }
      while event < lowest.count, lowest[event] <= window.score { event += 1 }
      count.events = event
      counts.append(count)
    }
    scores = windows.map(\.score)
    // No number lies beyond what is infinite.
    if counts.count > 1, scores.first == -.infinity { counts.removeFirst() }
    if counts.count > 1, scores.last == .infinity { counts.removeLast() }
    judged = windows.count { $0.truth != .ignored }
    anomalous = windows.count { $0.truth == .anomalous }
    events = evaluation.events.count
    deviceDays = evaluation.deviceDays
    self.inUse = inUse
  }

  func row(_ count: Count, threshold: Double?) -> ThresholdSweep.Row {
    ThresholdSweep.Row(
      threshold: threshold, flagged: count.flagged,
      recall: anomalous == 0 ? nil : Double(count.hits) / Double(anomalous),
      precision: count.flagged == 0 ? nil : Double(count.hits) / Double(count.flagged),
      f1: f1(count), eventRecall: events == 0 ? nil : Double(count.events) / Double(events),
      falseAlarmsPerDeviceDay: deviceDays == 0 ? nil : Double(count.flagged - count.hits) / deviceDays)
  }

  private func f1(_ count: Count) -> Double? {
    anomalous == 0 ? nil : 2 * Double(count.hits) / Double(count.flagged + anomalous)
  }

  /// The first step with the best F1; nil without an anomalous window.
  var best: Int? {
    counts.indices.max { (f1(counts[$0]) ?? -1, -$0) < (f1(counts[$1]) ?? -1, -$1) }
      .flatMap { anomalous == 0 ? nil : $0 }
  }

  /// The first step that flags at least so many windows, ignored ones among them.
  func index(flaggingAll count: Int) -> Int { counts.firstIndex { $0.all >= count } ?? counts.count - 1 }

  /// The first step that flags at least so many judged windows.
  func index(flagging count: Int) -> Int { counts.firstIndex { $0.flagged >= count } ?? counts.count - 1 }

  /// The step that flags the windows at or below the threshold in use; nil where none flags just those that are flagged.
  func step(inUse threshold: Double?) -> Int? {
    guard let threshold else { return nil }
    let all = scores.count { $0 <= threshold }
    guard let step = counts.firstIndex(where: { $0.all == all }) else { return nil }
    let count = counts[step]
    let isSame =
      count.all == inUse.all && count.flagged == inUse.flagged && count.hits == inUse.hits
      && count.events == inUse.events
    return isSame ? step : nil
  }

  /// A short number between the highest score that the step flags and the lowest that it does not.
  func threshold(_ step: Int) -> Double {
    let all = counts[step].all
    let below = all == 0 ? nil : scores[all - 1]
    let above = all == scores.count ? nil : scores[all]
    switch (below, above) {
    case (let below?, let above?): return ShortNumber.between(below, above)
    case (nil, let above?): return ShortNumber.between(above - max(abs(above), 1e-6) * 0.2, above)
    case (let below?, nil): return ShortNumber.between(below, below + max(abs(below), 1e-6) * 0.2)
    case (nil, nil): return 0
    }
  }
}

/// Some of many.
private enum Thinned {
  /// At most `most` of `0..<count`, the first and the last among them: closer together at the beginning, where few windows are flagged
  /// and each of them counts.
  static func indices(_ count: Int, most: Int) -> [Int] {
    guard count > most else { return Array(0..<count) }
    return (0..<most).map { step in
      let share = Double(step) / Double(most - 1)
      return Int((Double(count - 1) * share * share).rounded())
    }
  }
}
