import DetectionCharts
import Pages
import Wording

/// Why: the worst misses and false alarms, with what the detector saw.
package enum WhySection {
  static let topic = "Why?"

  /// Nil where nothing was missed and nothing flagged for nothing. Throws as the files of the run do.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard let files = try DetectionFiles(run.folder) else { return nil }
    return try section(run, DetectionFindings(files))
  }

  static func section(_ run: FinishedRun, _ findings: DetectionFindings) throws -> PageSection? {
    let (misses, alarms) = (findings.misses, findings.falseAlarms)
    let total = misses.total + alarms.total
    guard total > 0 else { return nil }
    let cases = chosen(misses.elements, alarms.elements)
    let panels = try CasePanels(cases).panels(findings.files, run.folder)
    let chart = WhyChart(panels, of: total)
    return PageSection(
      id: "why", topic: topic, finding: finding(misses.total, alarms.total),
      notes: notes(panels),
      figures: chart.svg().map { [PageFigure(svg: $0)] } ?? [],
      tables: [table(panels, total)])
  }

  /// Half of them misses and half false alarms, and more of one where there are few of the other.
  static func chosen(_ misses: [DetectionCase], _ alarms: [DetectionCase]) -> [DetectionCase] {
    let most = WhyChart.mostPanels
    let seen = min(misses.count, max(most / 2, most - alarms.count))
    return Array(misses.prefix(seen) + alarms.prefix(most - seen))
  }

  private static func finding(_ misses: Int, _ alarms: Int) -> String {
    let missed = "\(counted(misses, "anomaly", "anomalies")) missed or seen in part only"
    let flagged = "\(counted(alarms, "stretch", "stretches")) flagged for nothing"
    if misses == 0 { return "\(flagged): what the detector saw" }
    if alarms == 0 { return "\(missed): what the detector saw" }
    return "\(missed), \(flagged): what the detector saw"
  }

  private static func notes(_ panels: [WhyChart.Panel]) -> [String] {
    var notes = [
      "Misses come first: anomalies that nobody saw before those seen in part. A false alarm is worse the more windows it is long, and "
        + "then the lower its score. Where a model looks at a whole device, the sensor is shown that stands out most."
    ]
    if panels.contains(where: { $0.threshold == nil }) {
      notes.append("Where no threshold is drawn, the detector flags by a rule of its own.")
    }
    return notes
  }

  private static func table(_ panels: [WhyChart.Panel], _ total: Int) -> PageTable {
    let rows = panels.enumerated().map { index, panel -> [PageTable.Cell] in
      let lowest = panel.scores.map(\.score).min() ?? 0
      return [
        .counted(index + 1), PageTable.Cell(panel.title), PageTable.Cell(panel.finding),
        PageTable.Cell(panel.range.lowerBound.description),
        PageTable.Cell(panel.range.upperBound.description),
        PageTable.Cell(FigureText.text(lowest), value: lowest),
      ]
    }
    return PageTable(
      id: "why-cases", caption: "The cases of the picture",
      columns: [
        .init("case", .number), .init("device and sensor"), .init("what went wrong"), .init("shown from"),
        .init("shown to"), .init("lowest score shown", .number),
      ], rows: rows, total: total, isFolded: true)
  }
}
