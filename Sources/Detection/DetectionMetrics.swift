/// How well predictions found what the labels say; `detection` in `report.json`.
///
/// `precision`, `recall`, `f1`, `auc_pr`, `vus_pr` and the false alarms count **windows**, as the literature does, with
/// ``GroundTruth`` saying what each window is; an ignored window counts in none of them. What users call "it found the
/// anomaly" is counted in **events** (``eventRecall``, ``byKind``, ``delaySeconds``): an event is a label, and it is found if
/// a window that it overlaps is flagged. Thresholds are the model's own; nothing here picks the best one afterwards, and
/// nothing is point-adjusted, which would make a random score look good (Kim et al., "Towards a Rigorous Evaluation of
/// Time-Series Anomaly Detection", AAAI 2022).
///
/// `docs/evaluation.md` has the formula and the source of each figure.
public struct DetectionMetrics: Hashable, Sendable, Codable {
  /// Quantiles of how long after an anomaly's start it was found, in seconds.
  public struct Delay: Hashable, Sendable, Codable {
    public var p50: Double
    public var p90: Double
    public var max: Double
  }

  /// What became of the events of one kind.
  public struct Kind: Hashable, Sendable, Codable {
    public var events: Int
    public var detected: Int
    /// `detected` / `events`.
    public var recall: Double
  }

  /// What a detector without any knowledge reaches on the same windows.
  public struct Floor: Hashable, Sendable, Codable {
    public var precision: Double?
    public var recall: Double?
    public var f1: Double?
    public var aucPR: Double?
    public var vusPR: Double?
    public var falseAlarmsPerDeviceDay: Double?
    public var eventRecall: Double?

    private enum CodingKeys: String, CodingKey {
      case precision, recall, f1
      case aucPR = "auc_pr"
      case vusPR = "vus_pr"
      case falseAlarmsPerDeviceDay = "false_alarms_per_device_day"
      case eventRecall = "event_recall"
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(precision, forKey: .precision)
      try container.encode(recall, forKey: .recall)
      try container.encode(f1, forKey: .f1)
      try container.encode(aucPR, forKey: .aucPR)
      try container.encode(vusPR, forKey: .vusPR)
      try container.encode(falseAlarmsPerDeviceDay, forKey: .falseAlarmsPerDeviceDay)
      try container.encode(eventRecall, forKey: .eventRecall)
    }
  }

  /// The detectors that any real one must beat.
  public struct Floors: Hashable, Sendable, Codable {
    /// Never raises an alarm.
    public var null: Floor
    /// Draws its scores from a seed, and flags as many windows as the evaluated detector did.
    public var random: Floor
    /// Flags every window.
    public var alwaysAlarm: Floor

    private enum CodingKeys: String, CodingKey {
      case null, random
      case alwaysAlarm = "always_alarm"
    }
  }

  /// Windows judged, without those ignored.
  public var windows: Int
  public var anomalousWindows: Int
  public var ignoredWindows: Int
  /// Of the flagged windows, the share that are anomalous. Nil where none is flagged.
  public var precision: Double?
  /// Of the anomalous windows, the share that are flagged. Nil where none is anomalous.
  public var recall: Double?
  /// 2 · precision · recall / (precision + recall).
  public var f1: Double?
  /// Area under precision over recall: average precision. Exactly 1 for a perfect ranking.
  public var aucPR: Double?
  /// Volume under the precision-recall surface, with tolerance around each anomaly (``VolumeUnderSurface``).
  public var vusPR: Double?
  /// From the start of an anomaly to the END of the first flagged window that overlaps it (a window is known only when it
  /// is over). Nil where nothing was found.
  public var delaySeconds: Delay?
  /// Flagged normal windows divided by the scored time in device-days, see ``ScoredTime``. Nil where no window has a length.
  public var falseAlarmsPerDeviceDay: Double?
  /// Labels of which at least one window was scored.
  public var events: Int
  public var detectedEvents: Int
  /// `detectedEvents` / `events`; nil without events.
  public var eventRecall: Double?
  /// Labels of which no window was scored, as those in the training range. Counted nowhere else.
  public var unscoredEvents: Int
  public var byKind: [String: Kind]
  public var floors: Floors

  private enum CodingKeys: String, CodingKey {
    case windows
    case anomalousWindows = "anomalous_windows"
    case ignoredWindows = "ignored_windows"
    case precision, recall, f1
    case aucPR = "auc_pr"
    case vusPR = "vus_pr"
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
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(windows, forKey: .windows)
    try container.encode(anomalousWindows, forKey: .anomalousWindows)
    try container.encode(ignoredWindows, forKey: .ignoredWindows)
    try container.encode(precision, forKey: .precision)
    try container.encode(recall, forKey: .recall)
    try container.encode(f1, forKey: .f1)
    try container.encode(aucPR, forKey: .aucPR)
    try container.encode(vusPR, forKey: .vusPR)
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
