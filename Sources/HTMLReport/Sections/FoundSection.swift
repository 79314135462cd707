import Charts
import Detection
import DetectionCharts
import Pages
import Telemetry
import Wording

/// Was it found: devices over time, what was labelled, found, missed, flagged for nothing and ignored; the worst first.
package enum FoundSection {
  static let topic = "Was it found?"

  /// Nil where no window was scored. Throws as the files of the run do.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard let files = try DetectionFiles(run.folder) else { return nil }
    return try section(run, DetectionFindings(files))
  }

  static func section(_ run: FinishedRun, _ findings: DetectionFindings) throws -> PageSection? {
    guard let range = findings.range else { return nil }
    let devices = findings.devices
    var rows: [DeviceID: FoundChart.Row] = [:]
    for device in devices.elements {
      rows[device.id] = FoundChart.Row(device: device.id.name, summary: device.summary, over: range)
    }
    try findings.files.devices.visit(only: Set(rows.keys)) { device in
      for window in device.windows {
        rows[device.device]?.add(window.outcome, window.scored.start..<window.scored.end)
      }
      for label in device.labels { rows[device.device]?.addLabel(label.start..<label.end) }
    }
    let chart = FoundChart(
      devices.elements.compactMap { rows[$0.id] }, of: devices.total, over: range)
    return PageSection(
      id: "found", topic: topic, finding: finding(run, findings),
      notes: notes(run, findings),
      figures: chart.svg().map { [PageFigure(svg: $0)] } ?? [],
      tables: [classes(run, findings), table(devices)])
  }

  private static func finding(_ run: FinishedRun, _ findings: DetectionFindings) -> String {
    let events = run.count("detection.events") ?? findings.events.count
    let found =
      run.count("detection.detected_events") ?? findings.events.count { $0.untilWindow != nil }
    let first: String
    switch (events, found) {
    case (0, _): first = "There was no anomaly to find"
    case (1, 1): first = "The one anomaly was found"
    case (_, events): first = "All \(events.grouped) anomalies were found"
    case (1, _): first = "The one anomaly was not found"
    case (_, 0): first = "None of \(events.grouped) anomalies was found"
    default: first = "\(found.grouped) of \(events.grouped) anomalies were found"
    }
    let alarms = findings.counts[.falseAlarm]
    guard alarms > 0 else { return "\(first), and nothing was flagged for nothing" }
    let devices = findings.devicesWithFalseAlarms
    return "\(first); \(counted(alarms, "window", "windows")) on "
      + "\(counted(devices, "device", "devices")) \(alarms == 1 ? "was" : "were") flagged for nothing"
  }

  private static func notes(_ run: FinishedRun, _ findings: DetectionFindings) -> [String] {
    var notes: [String] = []
    if let judged = run.count("detection.windows"), judged != findings.counts.judged {
      notes.append(
        "The prediction files hold \(findings.counts.judged.grouped) windows that count, but the report was made of "
          + "\(judged.grouped): jobs have run since, or files have changed.")
    }
    if let unscored = run.count("detection.unscored_events"), unscored > 0 {
      notes.append(
        "Of \(counted(unscored, "labelled anomaly", "labelled anomalies")) no window was scored, as of those within the "
          + "training range; they count nowhere.")
    }
    return notes
  }

  /// How many windows are of each class, beside what the report says of them.
  private static func classes(_ run: FinishedRun, _ findings: DetectionFindings) -> PageTable {
    var rows = WindowClass.allCases.map { outcome -> [PageTable.Cell] in
      [PageTable.Cell(outcome.words), .counted(findings.counts[outcome]), PageTable.Cell(meaning(outcome))]
    }
    let figures = [
      ("windows", "judged", "by the report: all but those ignored"),
      ("anomalous_windows", "judged anomalous", "by the report: found and missed"),
      ("ignored_windows", "not judged", "by the report: ignored"),
    ]
    for (name, words, text) in figures where run.number("detection.\(name)") != nil {
      rows.append([
        PageTable.Cell(words), run.numberCell("detection.\(name)", ChartUnit.count.text),
        PageTable.Cell(text),
      ])
    }
    return PageTable(
      id: "found-classes", caption: "Windows by what became of them",
      columns: [.init("windows"), .init("how many", .number), .init("which")], rows: rows)
  }

  private static func meaning(_ outcome: WindowClass) -> String {
    switch outcome {
    case .found: "anomalous by the labels, and flagged"
    case .missed: "anomalous by the labels, and not flagged"
    case .falseAlarm: "normal, and flagged"
    case .quiet: "normal, and not flagged"
    case .ignored: "touched by a label that covers less than half; neither demanded nor forbidden"
    }
  }

  private static func table(_ devices: WorstFirst<DetectionFindings.Device>) -> PageTable {
    let rows = devices.elements.map { device -> [PageTable.Cell] in
      [PageTable.Cell(device.id.name), .counted(device.anomalies), .counted(device.found)]
        + [.missed, .falseAlarm, .found, .ignored, .quiet].map { .counted(device.counts[$0]) }
    }
    return PageTable(
      id: "found-devices", caption: "Devices, the one with the most missed windows and false alarms first",
      columns: [
        .init("device"), .init("anomalies", .number), .init("of them found", .number),
        .init("windows missed", .number), .init("false alarms", .number), .init("windows found", .number),
        .init("ignored", .number), .init("rightly quiet", .number),
      ], rows: rows, total: devices.total, isFolded: true)
  }
}
