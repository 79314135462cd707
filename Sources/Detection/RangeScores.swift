/// Range-based precision and recall (Tatbul et al., "Precision and Recall for Time Series", NeurIPS 2018): what counts is how much of
/// each anomaly is found, and in how many pieces.
///
/// With R the stretches of anomalous windows, P those of flagged ones, and n(r) the number of stretches of the other kind that r
/// overlaps:
///
///     recall    = mean over r in R of  α · [n(r) > 0] + (1 − α) · share(r) / n(r)
///     precision = mean over p in P of  share(p) / n(p)
///
/// where share(r) is the share of the windows of r that the other kind covers, and a stretch that overlaps nothing gives 0. In the
/// paper's words: a flat positional bias, the cardinality factor 1/n, and α = ``existence`` for recall and 0 for precision, the
/// settings of TSB-AD. Of several models, the stretches of all are averaged together, and each ends with its model.
struct RangeScores: Hashable, Sendable {
  /// α: how much it counts towards recall that an anomaly was found at all.
  static let existence = 0.2

  /// Nil where nothing is flagged.
  let precision: Double?
  /// Nil where nothing is anomalous.
  let recall: Double?

  /// 0 where nothing is flagged, nil where nothing is anomalous.
  var f1: Double? { PrecisionRecall.f1(precision: precision, recall: recall) }

  init(_ series: [JudgedSeries]) {
    var (found, covered, anomalies) = (0, 0.0, 0)
    var (justified, alarms) = (0.0, 0)
    for series in series {
      let (ofAnomalies, ofAlarms) = Self.overlaps(series.anomalies, series.alarms)
      anomalies += ofAnomalies.count
      alarms += ofAlarms.count
      for overlap in ofAnomalies where overlap.others > 0 {
        found += 1
        covered += overlap.reward
      }
      for overlap in ofAlarms where overlap.others > 0 { justified += overlap.reward }
    }
    precision = alarms == 0 ? nil : justified / Double(alarms)
    recall =
      anomalies == 0
      ? nil
      : Self.existence * (Double(found) / Double(anomalies))
        + (1 - Self.existence) * (covered / Double(anomalies))
  }

  /// How a stretch meets the stretches of the other kind.
  private struct Overlap {
    let length: Int
    /// How many of the others it meets.
    var others = 0
    /// How many of its windows they cover.
    var windows = 0

    var reward: Double { Double(windows) / Double(length) / Double(others) }
  }

  /// Those of each stretch of `first` and of `second`, which are in order of time.
  private static func overlaps(
    _ first: [Range<Int>], _ second: [Range<Int>]
  ) -> (first: [Overlap], second: [Overlap]) {
    var ofFirst = first.map { Overlap(length: $0.count) }
    var ofSecond = second.map { Overlap(length: $0.count) }
    var (one, other) = (0, 0)
    while one < first.count, other < second.count {
      let windows = first[one].clamped(to: second[other]).count
      if windows > 0 {
        ofFirst[one].others += 1
        ofFirst[one].windows += windows
        ofSecond[other].others += 1
        ofSecond[other].windows += windows
      }
      // The one that ends first meets nothing else.
      if first[one].upperBound <= second[other].upperBound { one += 1 } else { other += 1 }
    }
    return (ofFirst, ofSecond)
  }
}
