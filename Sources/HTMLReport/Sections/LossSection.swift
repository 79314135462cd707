import Charts
import Files
import Pages

/// 2: planned → published → acknowledged → stored → windowed → scored, with what leaves on the way.
enum LossSection {
  static func section(_ run: FinishedRun) throws -> PageSection? {
    guard run.number("readings.planned") != nil else { return nil }
    var section = PageSection(id: "lost", topic: "Was anything lost?", finding: finding(run))
    section.notes = notes(run)
    let flow = FlowChart(
      title: "The way of the readings",
      summary: "What leaves on the way is taken off the right end of the bar above it.",
      parts: parts(run))
    section.figures = flow.svg(id: "flow").map { [PageFigure(svg: $0)] } ?? []
    section.tables = [readings(run), windows(run), losses(run), oddities(run)].compactMap(\.self)
    return section
  }

  // MARK: - In words

  private static func finding(_ run: FinishedRun) -> String {
    func count(_ path: String) -> Double { run.number(path) ?? 0 }
    let planned = FigureText.counted(count("readings.planned"), "reading", "readings")
    guard let lost = run.number("readings.lost") else {
      let published = run.number("readings.published").map { ", \(FigureText.text($0)) were published" } ?? ""
      return "What became of the readings was not counted: of \(planned) planned\(published)"
    }
    let wrong = wrong(run)
    if lost > 0 {
      let places = [
        ("readings.lost_at.planned", "never left the fleet"),
        ("readings.lost_at.published", "were on the way to the broker"),
        ("readings.lost_at.broker", "were with the broker"),
      ].filter { count($0.0) > 0 }.map { "\(FigureText.text(count($0.0))) \($0.1)" }
      return "\(FigureText.text(lost)) of \(planned) \(lost == 1 ? "is" : "are") lost: "
        + places.joined(separator: ", ")
    }
    let stored = count("readings.stored")
    let aside = [
      ("readings.late", "came too late"), ("readings.rejected", "were rejected"),
      ("readings.withheld", "were held back by faults of transport"),
    ].filter { count($0.0) > 0 }.map { "\(FigureText.text(count($0.0))) \($0.1)" }
    let rest =
      stored == count("readings.planned") && aside.isEmpty
      ? "all \(planned) are stored"
      : "of \(planned), \(([FigureText.text(stored) + " are stored"] + aside).joined(separator: ", "))"
    return wrong.isEmpty
      ? "Nothing was lost: \(rest)" : "Nothing was lost, but \(wrong.joined(separator: ", ")): \(rest)"
  }

  /// What should be zero beside the losses, and is not.
  private static func wrong(_ run: FinishedRun) -> [String] {
    [
      ("readings.doubled", "reading is stored twice", "readings are stored twice"),
      ("readings.misfiled", "reading is on the wrong side of late", "readings are on the wrong side of late"),
      ("readings.unaccounted", "reading is unaccounted for", "readings are unaccounted for"),
      ("windows.mismatched", "window is not what the plan gives", "windows are not what the plan gives"),
      ("scoring.failed", "window could not be scored", "windows could not be scored"),
    ].compactMap { path, one, several in
      guard let count = run.number(path), count > 0 else { return nil }
      return FigureText.counted(count, one, several)
    }
  }

  private static func notes(_ run: FinishedRun) -> [String] {
    var notes: [String] = []
    let wrong = wrong(run)
    if run.number("readings.lost") ?? 0 > 0, !wrong.isEmpty {
      notes.append("Besides, \(wrong.joined(separator: ", ")).")
    }
    if let mismatched = run.number("windows.mismatched"), let expected = run.number("windows.expected"),
      mismatched == 0
    {
      notes.append(
        "All \(FigureText.counted(expected, "window", "windows")) are what the plan gives, to the last bit. A window is of one "
          + "sensor; a score is of all sensors that a model looks at.")
    }
    if let expired = run.number("readings.expired"), expired > 0 {
      notes.append(
        "\(FigureText.counted(expired, "reading", "readings")) had been deleted by retention when they were counted."
      )
    }
    return notes
  }

  // MARK: - The picture

  private static func parts(_ run: FinishedRun) -> [FlowChart.Part] {
    var parts = [FlowChart.Part("Readings", readingRows(run))]
    var windows: [FlowChart.Row] = []
    if let expected = run.number("windows.expected") { windows.append(.init("due", expected)) }
    if let closed = run.number("windows.closed") {
      windows.append(.init("closed", closed))
      if let mismatched = run.number("windows.mismatched"), mismatched > 0 {
        windows.append(.init("not what the plan gives", mismatched, .lost, from: max(0, closed - mismatched)))
      }
    }
    if !windows.isEmpty { parts.append(FlowChart.Part("Windows, one a sensor", windows)) }
    if let scored = run.number("scoring.predictions"), let failed = run.number("scoring.failed") {
      var rows = [FlowChart.Row("given to jobs", scored + failed)]
      if failed > 0 { rows.append(.init("failed", failed, .lost, from: scored)) }
      parts.append(FlowChart.Part("Windows to score, one a model", rows + [.init("scored", scored)]))
    }
    return parts
  }

  private static func readingRows(_ run: FinishedRun) -> [FlowChart.Row] {
    var rows: [FlowChart.Row] = []
    var left = 0.0
    func stage(_ name: String, _ path: String) {
      guard let count = run.number(path) else { return }
      rows.append(.init(name, count))
    }
    func branch(_ name: String, _ count: Double, _ kind: FlowChart.Row.Kind) {
      guard count > 0 else { return }
      left = max(0, left - count)
      rows.append(.init(name, count, kind, from: left))
    }
    func count(_ path: String) -> Double { run.number(path) ?? 0 }
    stage("planned", "readings.planned")
    left = count("readings.planned")
    branch("held back by transport", count("readings.withheld"), .aside)
    branch("never left the fleet", count("readings.lost_at.planned"), .lost)
    stage("published", "readings.published")
    stage("acknowledged", "readings.acknowledged")
    left = run.number("readings.published") ?? left
    branch("too late", count("readings.late"), .aside)
    branch("rejected", count("readings.rejected"), .aside)
    if run.number("readings.lost") != nil {
      let lost = count("readings.lost") - count("readings.lost_at.planned")
      rows.append(.init("lost after that", lost, .lost, from: max(0, left - lost)))
    }
    stage("stored", "readings.stored")
    if let duplicates = run.number("readings.duplicates"), duplicates > 0 {
      rows.append(.init("duplicates", duplicates, .extra, from: count("readings.stored")))
    }
    return rows
  }

  // MARK: - Tables

  private static let stages: [(path: String, name: String, about: String)] = [
    ("planned", "Planned", "in the plan of the scenario"),
    ("withheld", "Held back", "by faults of transport of the scenario, before they left"),
    ("published", "Published", "handed to the broker"),
    ("acknowledged", "Acknowledged", "by the broker"),
    ("late", "Too late", "came when their windows could no longer change"),
    ("rejected", "Rejected", "not taken, each with a reason; a payload that cannot be read counts as one"),
    ("stored", "Stored", "in the journal"),
    ("duplicates", "Duplicates", "dropped, because they had been taken before"),
    ("lost", "Lost", "planned, and neither stored nor late nor rejected"),
    ("lost_at.planned", "Lost in the fleet", "never left it"),
    ("lost_at.published", "Lost on the way", "no acknowledgement came back"),
    ("lost_at.broker", "Lost with the broker", "which had acknowledged them"),
    ("doubled", "Doubled", "in the store more than once"),
    ("misfiled", "Misfiled", "stored though they were late, or late though they were in time"),
    ("unaccounted", "Unaccounted for", "in none of these places"),
    ("adjusted", "Adjusted", "stored with a later time, because they were late"),
    ("expired", "Expired", "deleted by retention"),
  ]

  /// Of the stages that a run has; of what is zero, those alone that say something by that.
  private static func readings(_ run: FinishedRun) -> PageTable {
    let always: Set = [
      "planned", "published", "acknowledged", "stored", "late", "rejected", "duplicates", "lost",
    ]
    let rows = stages.compactMap { stage -> [PageTable.Cell]? in
      let (readings, messages) = ("readings.\(stage.path)", "messages.\(stage.path)")
      guard let count = run.number(readings), count > 0 || always.contains(stage.path) else { return nil }
      return [
        .init(stage.name), run.numberCell(readings, FigureText.text),
        run.numberCell(messages, FigureText.text), .init(stage.about),
      ]
    }
    return PageTable(
      id: "readings", caption: "Readings and the messages that they came in",
      columns: [.init("Stage"), .init("Readings", .number), .init("Messages", .number), .init("What it is")],
      rows: rows)
  }

  private static func windows(_ run: FinishedRun) -> PageTable? {
    let rows = [
      ("windows.expected", "Due", "by the plan, one a sensor"), ("windows.closed", "Closed", "by ingestion"),
      ("windows.revised", "Revised", "closed again, after late readings"),
      ("windows.mismatched", "Mismatched", "differ in a bit, are missing, or should not be there"),
      ("scoring.predictions", "Scored", "by batch jobs, one a model"),
      ("scoring.failed", "Failed", "could not be scored"),
    ].filter { run.number($0.0) != nil }.map { path, name, about -> [PageTable.Cell] in
      [.init(name), run.numberCell(path, FigureText.text), .init(about)]
    }
    guard !rows.isEmpty else { return nil }
    return PageTable(
      id: "windows", caption: "Windows",
      columns: [.init("Stage"), .init("Windows", .number), .init("What it is")], rows: rows)
  }

  private static func losses(_ run: FinishedRun) -> PageTable? {
    let places = [
      "planned": "never left the fleet", "published": "on its way to the broker",
      "broker": "with the broker, which had acknowledged it",
    ]
    let losses = run.list("losses")
    guard !losses.isEmpty else { return nil }
    return PageTable(
      id: "losses", caption: "The first messages that are lost",
      columns: [.init("Device"), .init("Number", .number), .init("Last seen")],
      rows: losses.prefix(PageBounds.mostRows).map { loss in
        let number = loss.number("seq")
        let place = loss.text("last_seen") ?? "?"
        return [
          .init(loss.text("device") ?? "?"), .init(number.map(FigureText.text) ?? "–", value: number),
          .init(places[place] ?? place),
        ]
      }, total: losses.count)
  }

  /// What is wrong with single readings and windows, in the words of the check.
  private static func oddities(_ run: FinishedRun) -> PageTable? {
    let found = [
      ("windows.mismatches", "a window"), ("readings.doubled_messages", "stored twice"),
      ("readings.misfiled_messages", "misfiled"),
    ].flatMap { path, kind in run.list(path).map { (kind, $0.description) } }
    guard !found.isEmpty else { return nil }
    return PageTable(
      id: "oddities", caption: "What the check of readings and windows has found",
      columns: [.init("Kind"), .init("What")],
      rows: found.prefix(PageBounds.mostRows).map { [.init($0), .init($1)] }, total: found.count,
      isFolded: true)
  }
}
