/// Affiliation precision, recall and F1 (Huet et al., "Local Evaluation of Time Series Anomaly Detection Algorithms", KDD 2022): how
/// near the alarms lie to the anomalies, against alarms at random.
///
/// Time is counted in windows: window i is the interval [i, i + 1). Each anomaly J has a zone E, which ends half-way to its neighbours
/// and at the ends of the series. With U a point drawn evenly from E:
///
///     precision of a zone = mean over the flagged points x of E of    P(dist(U, J) ≥ dist(x, J))
///     recall of a zone    = mean over the points y of J of            P(|U − y| ≥ dist(y, flagged of E))
///
/// Precision is the mean over the zones in which anything is flagged, recall the mean over all zones, with 0 for those in which nothing
/// is. Of several models, the zones of all are averaged together. All integrals are of straight lines, so they are sums of squares.
///
/// A model without an anomaly has no zone, and its false alarms count nowhere here.
struct AffiliationScores: Hashable, Sendable {
  /// Nil where nothing is flagged in any zone.
  let precision: Double?
  /// Nil where nothing is anomalous.
  let recall: Double?

  /// 0 where nothing is flagged, nil where nothing is anomalous.
  var f1: Double? { PrecisionRecall.f1(precision: precision, recall: recall) }

  init(_ series: [JudgedSeries]) {
    var (precise, zonesWithAlarms, recalled, zones) = (0.0, 0, 0.0, 0)
    for series in series {
      for zone in Self.zones(of: series) {
        zones += 1
        guard let precision = zone.precision else { continue }
        zonesWithAlarms += 1
        precise += precision
        recalled += zone.recall
      }
    }
    precision = zonesWithAlarms == 0 ? nil : precise / Double(zonesWithAlarms)
    recall = zones == 0 ? nil : recalled / Double(zones)
  }

  private static func zones(of series: JudgedSeries) -> [Zone] {
    let anomalies = series.anomalies.map(Span.init)
    let alarms = series.alarms.map(Span.init)
    var zones: [Zone] = []
    var next = 0
    for (index, anomaly) in anomalies.enumerated() {
      let start = index == 0 ? 0 : (anomalies[index - 1].end + anomaly.start) / 2
      let end =
        index == anomalies.count - 1
        ? Double(series.scores.count) : (anomaly.end + anomalies[index + 1].start) / 2
      var zone = Zone(span: Span(start: start, end: end), anomaly: anomaly)
      while next < alarms.count, alarms[next].start < end {
        if let piece = alarms[next].intersection(zone.span) { zone.alarms.append(piece) }
        // What is beyond the zone belongs to the next one.
        if alarms[next].end > end { break }
        next += 1
      }
      zones.append(zone)
    }
    return zones
  }
}

/// An interval of time that is not empty, in windows.
private struct Span {
  var start: Double
  var end: Double

  var length: Double { end - start }

  init(start: Double, end: Double) {
    self.start = start
    self.end = end
  }

  init(_ windows: Range<Int>) {
    self.init(start: Double(windows.lowerBound), end: Double(windows.upperBound))
  }

  /// Nil where they have no more than a point in common.
  func intersection(_ other: Span) -> Span? {
    let common = Span(start: max(start, other.start), end: min(end, other.end))
    return common.start < common.end ? common : nil
  }

  /// What lies before `point`.
  func before(_ point: Double) -> Span? { intersection(Span(start: -.infinity, end: point)) }

  /// What lies after `point`.
  func after(_ point: Double) -> Span? { intersection(Span(start: point, end: .infinity)) }
}

/// An anomaly, what is nearer to it than to any other, and what is flagged there.
private struct Zone {
  let span: Span
  let anomaly: Span
  /// In order of time; they do not overlap.
  var alarms: [Span] = []

  /// Nil where nothing is flagged.
  var precision: Double? {
    guard !alarms.isEmpty else { return nil }
    let chances = alarms.reduce(0) { sum, alarm in
      let inside = alarm.intersection(anomaly)?.length ?? 0
      let before = alarm.before(anomaly.start).map {
        precise(anomaly.start - $0.end, anomaly.start - $0.start)
      }
      let after = alarm.after(anomaly.end).map { precise($0.start - anomaly.end, $0.end - anomaly.end) }
      return sum + inside + (before ?? 0) + (after ?? 0)
    }
    return chances / alarms.reduce(0) { $0 + $1.length }
  }

  /// The integral of P(dist(U, J) > d) over distances d from the anomaly, from `near` to `far`.
  ///
  /// Points within d of the anomaly are those of the anomaly itself, d on the side where the zone goes on, and no more than the zone has
  /// on the shorter side: P = 1 − (|J| + d + min(d, shorter side)) / |E|.
  private func precise(_ near: Double, _ far: Double) -> Double {
    let shorter = min(anomaly.start - span.start, span.end - anomaly.end)
    let (inner, outer) = (min(far, shorter) - min(near, shorter), max(far, shorter) - max(near, shorter))
    let within =
      anomaly.length * (far - near) + (far * far - near * near) / 2
      + inner * (min(far, shorter) + min(near, shorter)) / 2 + outer * shorter
    return (far - near) - within / span.length
  }

  /// 0 where nothing is flagged.
  var recall: Double {
    var chances = 0.0
    for (index, alarm) in alarms.enumerated() {
      // The part of the anomaly that is nearer to this alarm than to the others.
      let from = index == 0 ? span.start : (alarms[index - 1].end + alarm.start) / 2
      let to = index == alarms.count - 1 ? span.end : (alarm.end + alarms[index + 1].start) / 2
      guard let part = anomaly.intersection(Span(start: from, end: to)) else { continue }
      chances += part.intersection(alarm)?.length ?? 0
      if let before = part.before(alarm.start) {
        chances += recalled(
          alarm.start - before.end, alarm.start - before.start, room: alarm.start - span.start)
      }
      if let after = part.after(alarm.end) {
        chances += recalled(after.start - alarm.end, after.end - alarm.end, room: span.end - alarm.end)
      }
    }
    return chances / anomaly.length
  }

  /// The integral of P(|U − y| > d) over points y at distances d from the alarm, from `near` to `far`, on a side of it on which the zone
  /// goes on for `room`.
  ///
  /// Within d of y lie d on the side of the alarm, and on the other side no more than the zone has there:
  /// P = 1 − (d + min(d, room − d)) / |E|.
  private func recalled(_ near: Double, _ far: Double, room: Double) -> Double {
    let half = room / 2
    let inner = (min(near, half), min(far, half))
    let outer = (max(near, half), max(far, half))
    let within =
      (far * far - near * near) / 2 + (inner.1 * inner.1 - inner.0 * inner.0) / 2
      + (outer.1 - outer.0) * (room - (outer.0 + outer.1) / 2)
    return (far - near) - within / span.length
  }
}
