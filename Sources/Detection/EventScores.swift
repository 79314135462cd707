/// Event-based F1: precision of windows, recall of anomalies (Garg et al., "An Evaluation of Anomaly Detection and Diagnosis in
/// Multivariate Time Series", IEEE Transactions on Neural Networks and Learning Systems 33(6), 2022, as the composite F-score; the
/// event-based F1 of TSB-AD).
///
/// An anomaly is a stretch of neighbouring anomalous windows, and it is found where any of its windows is flagged. Unlike
/// point-adjusted F1, an anomaly that is found counts once and not as often as it has windows, and every false alarm counts in full.
struct EventScores: Hashable, Sendable {
  /// Of the flagged windows, the share that are anomalous; nil where none is flagged.
  let precision: Double?
  /// Of the anomalies of all models, the share that are found; nil where there is none.
  let recall: Double?

  /// 0 where nothing is flagged, nil where nothing is anomalous.
  var f1: Double? { PrecisionRecall.f1(precision: precision, recall: recall) }

  init(_ series: [JudgedSeries]) {
    var (flagged, hits, anomalies, found) = (0, 0, 0, 0)
    for series in series {
      for anomaly in series.anomalies {
        let inside = series.isFlagged[anomaly].count { $0 }
        anomalies += 1
        hits += inside
        if inside > 0 { found += 1 }
      }
      flagged += series.isFlagged.count { $0 }
    }
    precision = flagged == 0 ? nil : Double(hits) / Double(flagged)
    recall = anomalies == 0 ? nil : Double(found) / Double(anomalies)
  }
}
