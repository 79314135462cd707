/// How well predictions found what the labels say; `detection` in `report.json`.
///
/// `precision`, `recall`, `f1`, the areas and volumes and the false alarms count **windows**, as the literature does, with
/// ``GroundTruth`` saying what each window is; an ignored window counts in none of them. The figures of ranges, events and affiliation
/// look at **stretches** of neighbouring windows of one model, anomalous or flagged ones. What users call "it found the anomaly" is
/// counted in labels (``eventRecall``, ``byKind``, ``delaySeconds``): a label is found if a window that it overlaps is flagged. Thresholds are the model's own; nothing here picks the best one afterwards, and
/// nothing is point-adjusted, which would make a random score look good (Kim et al., "Towards a Rigorous Evaluation of
/// Time-Series Anomaly Detection", AAAI 2022).
///
/// `docs/evaluation.md` has the formula and the source of each figure.
package struct DetectionMetrics: Hashable, Sendable, Codable {
  /// Quantiles of how long after an anomaly's start it was found, in seconds.
  package struct Delay: Hashable, Sendable, Codable {
    package var p50: Double
    package var p90: Double
    package var max: Double
  }

  /// What became of the events of one kind.
  package struct Kind: Hashable, Sendable, Codable {
    package var events: Int
    package var detected: Int
    /// `detected` / `events`.
    package var recall: Double
  }

  /// Windows judged, without those ignored.
  package var windows: Int
  package var anomalousWindows: Int
  package var ignoredWindows: Int
  /// Of the flagged windows, the share that are anomalous. Nil where none is flagged.
  package var precision: Double?
  /// Of the anomalous windows, the share that are flagged. Nil where none is anomalous.
  package var recall: Double?
  /// 2 · precision · recall / (precision + recall).
  package var f1: Double?
  /// Area under precision over recall: average precision. Exactly 1 for a perfect ranking.
  package var aucPR: Double?
  /// Area under the receiver operating characteristic (``ReceiverOperatingCharacteristic``). Nil without windows of both kinds.
  package var aucROC: Double?
  /// Volume under the precision-recall surface, with tolerance around each anomaly (``VolumeUnderSurface``).
  package var vusPR: Double?
  /// Volume under the surface of the receiver operating characteristic, with the same tolerance. Nil without windows of both kinds.
  package var vusROC: Double?
  /// Range-based precision (``RangeScores``). Nil where nothing is flagged.
  package var rangePrecision: Double?
  /// Range-based recall. Nil where nothing is anomalous, as for the three figures after it.
  package var rangeRecall: Double?
  package var rangeF1: Double?
  /// Precision of windows with recall of stretches (``EventScores``).
  package var eventF1: Double?
  /// How near the alarms lie to the anomalies (``AffiliationScores``).
  package var affiliationF1: Double?
  /// From the start of an anomaly to the END of the first flagged window that overlaps it (a window is known only when it
  /// is over), or to the job that scored it where ``ScoredWindow/firedAt`` says when that was. Nil where nothing was found.
  package var delaySeconds: Delay?
  /// Flagged normal windows divided by the scored time in device-days, see ``ScoredTime``. Nil where no window has a length.
  package var falseAlarmsPerDeviceDay: Double?
  /// Labels of which at least one window was scored.
  package var events: Int
  package var detectedEvents: Int
  /// `detectedEvents` / `events`; nil without events.
  package var eventRecall: Double?
  /// Labels of which no window was scored, as those in the training range. Counted nowhere else.
  package var unscoredEvents: Int
  package var byKind: [String: Kind]
  package var floors: Floors

  private enum CodingKeys: String, CodingKey {
    case windows
    case anomalousWindows = "anomalous_windows"
    case ignoredWindows = "ignored_windows"
    case precision, recall, f1
    case aucPR = "auc_pr"
    case aucROC = "auc_roc"
    case vusPR = "vus_pr"
    case vusROC = "vus_roc"
    case rangePrecision = "range_precision"
    case rangeRecall = "range_recall"
    case rangeF1 = "range_f1"
    case eventF1 = "event_f1"
    case affiliationF1 = "affiliation_f1"
    case delaySeconds = "delay_seconds"
    case falseAlarmsPerDeviceDay = "false_alarms_per_device_day"
    case events
    case detectedEvents = "detected_events"
    case eventRecall = "event_recall"
    case unscoredEvents = "unscored_events"
    case byKind = "by_kind"
    case floors
  }

  /// Writes every key, with null for what could not be measured, so that a report always has the same keys.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(windows, forKey: .windows)
    try container.encode(anomalousWindows, forKey: .anomalousWindows)
    try container.encode(ignoredWindows, forKey: .ignoredWindows)
    try container.encode(precision, forKey: .precision)
    try container.encode(recall, forKey: .recall)
    try container.encode(f1, forKey: .f1)
    try container.encode(aucPR, forKey: .aucPR)
    try container.encode(aucROC, forKey: .aucROC)
    try container.encode(vusPR, forKey: .vusPR)
    try container.encode(vusROC, forKey: .vusROC)
    try container.encode(rangePrecision, forKey: .rangePrecision)
    try container.encode(rangeRecall, forKey: .rangeRecall)
    try container.encode(rangeF1, forKey: .rangeF1)
    try container.encode(eventF1, forKey: .eventF1)
    try container.encode(affiliationF1, forKey: .affiliationF1)
    try container.encode(delaySeconds, forKey: .delaySeconds)
    try container.encode(falseAlarmsPerDeviceDay, forKey: .falseAlarmsPerDeviceDay)
    try container.encode(events, forKey: .events)
    try container.encode(detectedEvents, forKey: .detectedEvents)
    try container.encode(eventRecall, forKey: .eventRecall)
    try container.encode(unscoredEvents, forKey: .unscoredEvents)
    try container.encode(byKind, forKey: .byKind)
    try container.encode(floors, forKey: .floors)
  }
}
