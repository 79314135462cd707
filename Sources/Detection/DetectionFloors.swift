import Foundation

extension DetectionMetrics {
  /// What a detector without much knowledge reaches on the same windows.
  package struct Floor: Hashable, Sendable, Codable {
    package var precision: Double?
    package var recall: Double?
    package var f1: Double?
    package var aucPR: Double?
    package var aucROC: Double?
    package var vusPR: Double?
    package var vusROC: Double?
    package var rangePrecision: Double?
    package var rangeRecall: Double?
    package var rangeF1: Double?
    package var eventF1: Double?
    package var affiliationF1: Double?
    package var falseAlarmsPerDeviceDay: Double?
    package var eventRecall: Double?

    private enum CodingKeys: String, CodingKey {
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
      case falseAlarmsPerDeviceDay = "false_alarms_per_device_day"
      case eventRecall = "event_recall"
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
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
      try container.encode(falseAlarmsPerDeviceDay, forKey: .falseAlarmsPerDeviceDay)
      try container.encode(eventRecall, forKey: .eventRecall)
    }
  }

  /// The detectors that any real one must beat.
  package struct Floors: Hashable, Sendable, Codable {
    /// Never raises an alarm.
    package var null: Floor
    /// Draws its scores from a seed, and flags as many windows as the evaluated detector did.
    package var random: Floor
    /// Flags every window.
    package var alwaysAlarm: Floor
    /// Flags a window of which a feature is more than three standard deviations from its mean in training. Nil where there was no
    /// training, or nobody knows its windows.
    package var threeSigma: Floor?

    private enum CodingKeys: String, CodingKey {
      case null, random
      case alwaysAlarm = "always_alarm"
      case threeSigma = "three_sigma"
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(null, forKey: .null)
      try container.encode(random, forKey: .random)
      try container.encode(alwaysAlarm, forKey: .alwaysAlarm)
      try container.encode(threeSigma, forKey: .threeSigma)
    }
  }

  /// A sentence where the detector is not better than the floor `three_sigma`, by the figure that depends least on where a threshold
  /// was set; nil where it is better, or where one of both has no such figure.
  ///
  /// - Parameter name: What the detector is called.
  package func shortfall(of name: String = "the detector") -> String? {
    guard let own = vusPR, let floor = floors.threeSigma?.vusPR, !(own > floor) else { return nil }
    func text(_ value: Double) -> String { String(format: "%.3f", value) }
    return "\(name) is no better than floors.three_sigma: vus_pr \(text(own)) against \(text(floor))"
  }
}
