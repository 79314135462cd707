/// The shape of a report, for checking the names in expectations before a run.
indirect enum ReportShape: Sendable {
  case number
  case text
  /// Fixed names.
  case object([String: ReportShape])
  /// Names known only after the run, such as kinds of anomaly.
  case map(ReportShape)
  /// Entries chosen by the values of their fields.
  case list([String: ReportShape])
}

/// The names that `report.json` has and an expectation can use.
enum ReportNames {
  /// The verdict and the expectations themselves are left out: they follow from the expectations.
  static let shape = ReportShape.object([
    "seed": .number,
    "elapsed_seconds": .number,
    "messages": numbers(
      "planned", "published", "acknowledged", "stored", "duplicates", "late", "rejected", "repeated", "waste",
      "reconnects", "unconfirmed", "publications"),
    "fleet": numbers("connections", "processes", "connect_seconds", "births"),
    "readings": .object([
      "planned": .number, "published": .number, "acknowledged": .number, "stored": .number,
      "duplicates": .number,
      "late": .number, "rejected": .number, "lost": .number, "doubled": .number, "withheld": .number,
      "dropped": .number, "adjusted": .number, "expired": .number,
      "lost_at": numbers("planned", "published", "broker"), "unaccounted": .number,
    ]),
    "faults": .object([
      "planned": .number, "carried_out": .number, "recovery_seconds": numbers("max"),
      "drained_seconds": .number,
    ]),
    "windows": numbers("closed", "revised", "expected", "mismatched"),
    "schedule_lag_ms": numbers("p50", "p99", "max"),
    "scoring": numbers(
      "jobs", "tasks", "retries", "predictions", "failed", "windows_per_second", "node_seconds"),
    "detection": .object([
      "precision": .number, "recall": .number, "f1": .number, "auc_pr": .number, "vus_pr": .number,
      "delay_seconds": numbers("p50", "p90", "max"),
      "false_alarms_per_device_day": .number,
      "windows": .number, "anomalous_windows": .number, "ignored_windows": .number,
      "events": .number, "detected_events": .number, "event_recall": .number, "unscored_events": .number,
      "floors": .object(["null": floor, "random": floor, "always_alarm": floor]),
      "by_kind": .map(numbers("events", "detected", "recall")),
    ]),
    "ingestion": .object([
      "messages_per_second": .number, "readings_per_second": .number, "cpu_us_per_message": .number,
      "commit_ms": numbers("p50", "p99"),
      "end_to_end_ms": numbers("p50", "p90", "p99", "p99.9"),
      "restarts": .number, "unplanned_restarts": .number, "clocks_ahead": .number, "clocks_behind": .number,
    ]),
    "replay": numbers(
      "files", "rows", "messages", "readings", "empty_cells", "rows_without_values", "rows_outside_clock",
      "reordered_rows", "repeated_timestamps"),
    "cluster": .list([
      "target": .text, "vm_size": .text, "nodes": .number, "mode": .text, "makespan_seconds": .number,
      "windows_per_second": .number, "speedup": .number, "efficiency": .number, "node_hours": .number,
      "cost_usd": .number, "cost_usd_per_million_windows": .number,
    ]),
  ])

  private static let floor = numbers(
    "precision", "recall", "f1", "auc_pr", "vus_pr", "false_alarms_per_device_day", "event_recall")

  private static func numbers(_ names: String...) -> ReportShape {
    .object(Dictionary(uniqueKeysWithValues: names.map { ($0, .number) }))
  }
}
