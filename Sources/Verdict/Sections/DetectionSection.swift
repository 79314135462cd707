import Detection

/// `detection`: how well the anomalies were found, by the scheduled jobs and by each deployment that is held against them.
package struct DetectionSection: ReportSection {
  package let metrics: DetectionMetrics
  package let deployments: [DeploymentSection]

  package static let fields: [ReportField<Self>] =
    DetectionMetrics.fields.map { $0.inside { $0.metrics } } + [
      .list("deployments", "The deployments that are held against each other.", from: .compare) {
        $0.deployments
      }
    ]
}

/// The figures of a detector, of whichever deployment.
extension DetectionMetrics: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("windows", "Windows judged, without those ignored.") { $0.windows },
    .count("anomalous_windows", "Those of them that labels cover.") { $0.anomalousWindows },
    .count("ignored_windows", "Windows that labels touch by less than half.") { $0.ignoredWindows },
    .exact("precision", "Of the flagged windows, the share that are anomalous.") { $0.precision },
    .exact("recall", "Of the anomalous windows, the share that are flagged.") { $0.recall },
    .exact("f1", "2 · precision · recall / (precision + recall).") { $0.f1 },
    .exact("auc_pr", "Area under precision over recall.") { $0.aucPR },
    .exact("auc_roc", "Area under the receiver operating characteristic.") { $0.aucROC },
    .exact("vus_pr", "Volume under the precision-recall surface.") { $0.vusPR },
    .exact("vus_roc", "Volume under the surface of the receiver operating characteristic.") { $0.vusROC },
    .exact(
      "range_precision", "Of each stretch of flagged windows, how much is anomalous, and in how many pieces."
    ) {
      $0.rangePrecision
    },
    .exact(
      "range_recall", "Of each stretch of anomalous windows, how much is flagged, and in how many pieces."
    ) {
      $0.rangeRecall
    },
    .exact("range_f1", "The harmonic mean of both.") { $0.rangeF1 },
    .exact("event_f1", "The harmonic mean of the precision of windows and the recall of stretches.") {
      $0.eventF1
    },
    .exact("affiliation_f1", "How near the flagged windows lie to the anomalies.") { $0.affiliationF1 },
    .section("delay_seconds", "From the start of an anomaly to the end of the first flagged window of it.") {
      $0.delaySeconds
    },
    .exact("false_alarms_per_device_day", "Flagged normal windows by scored device-days.") {
      $0.falseAlarmsPerDeviceDay
    },
    .count("events", "Labels of which at least one window was scored.") { $0.events },
    .count("detected_events", "Those that a flagged window overlaps.") { $0.detectedEvents },
    .exact("event_recall", "detected_events / events.") { $0.eventRecall },
    .count("unscored_events", "Labels of which no window was scored.") { $0.unscoredEvents },
    .map("by_kind", "The events by the kind of their labels.") { $0.byKind },
    .section("floors", "What detectors without much knowledge reach on the same windows.") { $0.floors },
  ]
}

extension DetectionMetrics.Delay: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .exact("p50", "The median, in seconds.") { $0.p50 },
    .exact("p90", "The 90th percentile.") { $0.p90 },
    .exact("max", "The greatest.") { $0.max },
  ]
}

extension DetectionMetrics.Kind: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .count("events", "Labels of this kind.") { $0.events },
    .count("detected", "Those that were found.") { $0.detected },
    .exact("recall", "detected / events.") { $0.recall },
  ]
}

extension DetectionMetrics.Floors: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .section("null", "Never raises an alarm.") { $0.null },
    .section("random", "Draws its scores from a seed, and flags as many windows as the detector did.") {
      $0.random
    },
    .section("always_alarm", "Flags every window.") { $0.alwaysAlarm },
    .section("three_sigma", "Flags what is beyond three standard deviations of its training.") {
      $0.threeSigma
    },
  ]
}

extension DetectionMetrics.Floor: ReportSection {
  package static let fields: [ReportField<Self>] = [
    .exact("precision", "As above.") { $0.precision },
    .exact("recall", "As above.") { $0.recall },
    .exact("f1", "As above.") { $0.f1 },
    .exact("auc_pr", "As above.") { $0.aucPR },
    .exact("auc_roc", "As above.") { $0.aucROC },
    .exact("vus_pr", "As above.") { $0.vusPR },
    .exact("vus_roc", "As above.") { $0.vusROC },
    .exact("range_precision", "As above.") { $0.rangePrecision },
    .exact("range_recall", "As above.") { $0.rangeRecall },
    .exact("range_f1", "As above.") { $0.rangeF1 },
    .exact("event_f1", "As above.") { $0.eventF1 },
    .exact("affiliation_f1", "As above.") { $0.affiliationF1 },
    .exact("false_alarms_per_device_day", "As above.") { $0.falseAlarmsPerDeviceDay },
    .exact("event_recall", "As above.") { $0.eventRecall },
  ]
}
