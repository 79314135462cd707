import Charts
import DetectionCharts
import Files
import Pages
import Wording

/// How good the detector is: its figures beside those of the floors, by kind of anomaly, and beside other deployments.
package enum QualitySection {
  static let topic = "How good?"

  /// The figures of a table and a picture, with what people call them.
  private static let figures: [(group: String, rows: [(name: String, text: String)])] = [
    (
      "Windows, at the detector's own threshold",
      [("recall", "recall"), ("precision", "precision"), ("f1", "F1")]
    ),
    (
      "Ranking by score, whatever the threshold",
      [("vus_pr", "VUS-PR"), ("auc_pr", "AUC-PR"), ("vus_roc", "VUS-ROC"), ("auc_roc", "AUC-ROC")]
    ),
    (
      "Anomalies and stretches of windows",
      [
        ("event_recall", "anomalies found"), ("event_f1", "event F1"), ("range_recall", "range recall"),
        ("range_precision", "range precision"), ("range_f1", "range F1"),
        ("affiliation_f1", "affiliation F1"),
      ]
    ),
  ]
  private static let floors: [(name: String, text: String)] = [
    ("three_sigma", "three sigma"), ("always_alarm", "always alarm"), ("random", "random"), ("null", "null"),
  ]
  /// Kinds that have a row; the commonest come first.
  private static let mostKinds = 12
  /// Deployments that have a row of the table.
  private static let mostDeployments = 100

  /// Nil where the report says nothing of detection.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard run.figure("detection") != nil else { return nil }
    let kinds = kinds(run)
    let deployments = deployments(run)
    var section = PageSection(
      id: "quality", topic: topic, finding: finding(run), notes: [],
      figures: [], tables: [table(run)])
    if let svg = own(run, kinds).svg(id: "quality") { section.figures.append(PageFigure(svg: svg)) }
    if !kinds.isEmpty { section.tables.append(table(kinds, run)) }
    if deployments.count > 1 {
      if let svg = compared(deployments).svg(id: "deployments") {
        section.figures.append(PageFigure(svg: svg))
      }
      section.tables.append(table(deployments))
      if let best = best(deployments) { section.notes.append(best) }
    }
    section.notes.append(
      "The floors know nothing: one never alarms, one always does, one draws lots, and one flags what lies beyond three standard "
        + "deviations of its training. A detector that is no better is none.")
    return section
  }

  private static func finding(_ run: FinishedRun) -> String {
    func share(_ name: String) -> String? { run.text("detection.\(name)", .percent) }
    let own: String
    switch (share("recall"), share("precision")) {
    case (let recall?, let precision?): own = "Recall \(recall), precision \(precision)"
    case (let recall?, nil): own = "Recall \(recall), and nothing was flagged"
    case (nil, let precision?): own = "Nothing was anomalous; precision \(precision)"
    case (nil, nil): own = "Nothing was anomalous, and nothing was flagged"
    }
    guard let vus = run.number("detection.vus_pr") else { return own }
    for (name, text) in floors.prefix(1) + floors.dropFirst(2) {
      guard let floor = run.number("detection.floors.\(name).vus_pr") else { continue }
      return "\(own); VUS-PR \(ChartUnit.ratio.text(vus)), \(vus > floor ? "better than" : "no better than") "
        + "\(name == "random" ? "drawing lots" : text) (\(ChartUnit.ratio.text(floor)))"
    }
    return "\(own); VUS-PR \(ChartUnit.ratio.text(vus))"
  }

  // MARK: - The detector beside the floors

  private struct Kind {
    let name: String
    let events: Int
    let detected: Int
    let recall: Double
  }

  /// The commonest first.
  private static func kinds(_ run: FinishedRun) -> [Kind] {
    guard case .object(let members)? = run.figure("detection.by_kind") else { return [] }
    return members.compactMap { name, value -> Kind? in
      guard let events = value.number("events"), let detected = value.number("detected"),
        let recall = value.number("recall")
      else { return nil }
      return Kind(name: name, events: Int(events), detected: Int(detected), recall: recall)
    }.sorted { ($1.events, $0.name) < ($0.events, $1.name) }
  }

  private static func own(_ run: FinishedRun, _ kinds: [Kind]) -> FigureDots {
    let there = floors.filter { run.figure("detection.floors.\($0.name)") != nil }
    let shown = kinds.prefix(mostKinds).map { kind in
      FigureDots.Row(kind.name, [kind.recall], note: "\(kind.detected.grouped) of \(kind.events.grouped)")
    }
    let title =
      kinds.count > mostKinds
      ? "Found, by kind: the commonest \(mostKinds) of \(kinds.count)" : "Found, by kind"
    let groups = figures.map { group in
      FigureDots.Group(
        group.group,
        group.rows.map { figure in
          let value = run.number("detection.\(figure.name)")
          return FigureDots.Row(
            figure.text, [value] + there.map { run.number("detection.floors.\($0.name).\(figure.name)") },
            note: value.map(ChartUnit.ratio.text))
        }.filter { !$0.values.allSatisfy { $0 == nil } })
    }
    return FigureDots(
      title: "The detector beside the floors",
      summary: "Further to the right is better. The disc is the detector, at its own threshold.",
      detectors: ["detector"] + there.map(\.text), groups: [.init(title, Array(shown))] + groups)
  }

  private static func table(_ run: FinishedRun) -> PageTable {
    var rows = figures.flatMap(\.rows).map { figure -> [PageTable.Cell] in
      [PageTable.Cell(figure.text), run.numberCell("detection.\(figure.name)", ChartUnit.ratio.text)]
        + floors.map { run.numberCell("detection.floors.\($0.name).\(figure.name)", ChartUnit.ratio.text) }
    }
    let alarms = "false_alarms_per_device_day"
    rows.append(
      ["false alarms a device-day", run.numberCell("detection.\(alarms)", ChartUnit.ratio.text)]
        + floors.map { run.numberCell("detection.floors.\($0.name).\(alarms)", ChartUnit.ratio.text) })
    return PageTable(
      id: "quality-figures", caption: "Figures of the detector and of the floors",
      columns: [.init("figure"), .init("detector", .number)] + floors.map { .init($0.text, .number) },
      rows: rows)
  }

  private static func table(_ kinds: [Kind], _ run: FinishedRun) -> PageTable {
    func cell(_ kind: Kind, _ name: String, _ text: String, _ value: Double) -> PageTable.Cell {
      let path = "detection.by_kind.\(kind.name).\(name)"
      // A kind with a dot in its name has no path.
      return PageTable.Cell(text, value: value, figure: run.number(path) == value ? path : nil)
    }
    return PageTable(
      id: "quality-kinds", caption: "Anomalies by kind",
      columns: [
        .init("kind"), .init("anomalies", .number), .init("found", .number), .init("share", .number),
      ],
      rows: kinds.prefix(mostDeployments).map { kind in
        [
          PageTable.Cell(kind.name), cell(kind, "events", kind.events.grouped, Double(kind.events)),
          cell(kind, "detected", kind.detected.grouped, Double(kind.detected)),
          cell(kind, "recall", ChartUnit.percent.text(kind.recall), kind.recall),
        ]
      }, total: kinds.count)
  }

  // MARK: - Deployments

  /// In the order of the scenario.
  private static func deployments(_ run: FinishedRun) -> [JSONValue] {
    guard case .array(let entries)? = run.figure("detection.deployments") else { return [] }
    return entries
  }

  private static func name(_ deployment: JSONValue) -> String { deployment.text("deployment") ?? "?" }

  private static func best(_ deployments: [JSONValue]) -> String? {
    let ranked = deployments.compactMap { entry in entry.number("vus_pr").map { (name(entry), $0) } }
    guard let best = ranked.max(by: { $0.1 < $1.1 }), let worst = ranked.min(by: { $0.1 < $1.1 }),
      ranked.count > 1
    else { return nil }
    return
      "Of \(deployments.count) deployments \(best.0) ranks windows best, VUS-PR \(ChartUnit.ratio.text(best.1)), and \(worst.0) "
      + "worst, \(ChartUnit.ratio.text(worst.1))."
  }

  private static func compared(_ deployments: [JSONValue]) -> FigureDots {
    let shown = Array(deployments.prefix(FigureDots.mostDetectors))
    var kinds: Set<String> = []
    for case .object(let members)? in shown.map({ $0.member("by_kind") }) { kinds.formUnion(members.keys) }
    let rows = kinds.sorted().prefix(mostKinds).map { kind in
      FigureDots.Row(kind, shown.map { $0.member("by_kind")?.member(kind)?.number("recall") })
    }
    let groups = figures.map { group in
      FigureDots.Group(
        group.group,
        group.rows.map { figure in FigureDots.Row(figure.text, shown.map { $0.number(figure.name) }) }
          .filter { !$0.values.allSatisfy { $0 == nil } })
    }
    let title =
      shown.count < deployments.count
      ? "The first \(shown.count) of \(deployments.count) deployments" : "Deployments beside each other"
    let byKind =
      kinds.count > mostKinds ? "Found, by kind: \(mostKinds) of \(kinds.count)" : "Found, by kind"
    return FigureDots(
      title: title, summary: "Each has scored the same windows. Further to the right is better.",
      detectors: shown.map(name), groups: [.init(byKind, rows)] + groups)
  }

  private static func table(_ deployments: [JSONValue]) -> PageTable {
    let columns: [(name: String, text: String, unit: ChartUnit)] =
      figures.flatMap(\.rows).map { ($0.name, $0.text, ChartUnit.ratio) } + [
        ("false_alarms_per_device_day", "false alarms a device-day", .ratio),
        ("predictions", "rows", .count), ("failed", "failed rows", .count),
        ("us_per_window", "µs a window", .ratio),
        ("cost_usd_per_million_windows", "cost of a million windows", .dollars),
      ]
    let rows = deployments.prefix(mostDeployments).map { entry -> [PageTable.Cell] in
      let name = name(entry)
      return [PageTable.Cell(name), PageTable.Cell(entry.text("detector") ?? "–")]
        + columns.map { column in
          entry.number(column.name).map {
            PageTable.Cell(
              column.unit.text($0), value: $0,
              figure: "detection.deployments[deployment=\(name)].\(column.name)")
          } ?? "–"
        }
    }
    return PageTable(
      id: "quality-deployments", caption: "Deployments that have scored the same windows",
      columns: [.init("deployment"), .init("detector")] + columns.map { .init($0.text, .number) }, rows: rows,
      total: deployments.count)
  }
}
