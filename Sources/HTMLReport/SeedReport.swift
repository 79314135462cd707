import Charts
import Files
import Pages
import Wording

/// The page of the runs of one scenario with several seeds, above the pages of the runs: made from the `report.json` above theirs.
package enum SeedReport {
  /// The page. Equal reports give equal bytes.
  ///
  /// - Parameter report: What `report.json` says.
  package static func text(of report: JSONValue) -> String {
    var seeds: [JSONValue] = []
    if case .array(let all)? = report.value(at: "seeds") { seeds = all }
    let reason = report.text("reason")
    var facts = [Page.Header.Fact("Seeds", "\(seeds.count)")]
    if let seconds = report.number("total_seconds") {
      facts.append(Page.Header.Fact("Took", ChartUnit.seconds.text(seconds)))
    }
    let header = Page.Header(
      title:
        "\(report.text("scenario") ?? "A scenario"), \(seeds.count == 1 ? "1 seed" : "\(seeds.count) seeds")",
      verdict: RunHeader.verdict(report.text("verdict"), reason),
      notes: reason.map { [RunHeader.sentence($0)] } ?? [], facts: facts)
    return HTMLReport.page(
      header, [expectations(report), runs(report), figures(report)].compactMap(\.self),
      footer: "Made from the report.json of all seeds together. The folder of each run has a page of its own."
    )
  }

  private static func list(_ report: JSONValue, _ name: String) -> [JSONValue] {
    guard case .array(let entries)? = report.value(at: name) else { return [] }
    return entries
  }

  private static func expectations(_ report: JSONValue) -> PageSection? {
    let all = list(report, "expectations")
    guard !all.isEmpty else { return nil }
    func isHeld(_ entry: JSONValue) -> Bool { entry.value(at: "passed") == .bool(true) }
    let failed = all.filter { !isHeld($0) }
    let rows = (failed + all.filter(isHeld)).map { entry -> [PageTable.Cell] in
      let (held, runs) = (entry.number("held"), entry.number("runs"))
      let count =
        held.map { "\(FigureText.text($0)) of \(runs.map(FigureText.text) ?? "?") runs" } ?? "all together"
      let why = isHeld(entry) ? "" : entry.text("explanation").map { ": \($0)" } ?? ""
      return [
        .init(entry.text("expression") ?? "?"),
        .init((isHeld(entry) ? "held" : "not held") + why, mark: isHeld(entry) ? .good : .bad),
        .init(count, value: held),
      ]
    }
    return PageSection(
      id: "expectations", topic: "Verdict",
      finding: failed.isEmpty
        ? (all.count == 1 ? "The one expectation held" : "All \(all.count) expectations held")
        : "\(failed.count) of \(FigureText.counted(Double(all.count), "expectation", "expectations")) did not hold",
      tables: [
        PageTable(
          id: "expectations-table", caption: "Expectations",
          columns: [.init("Expectation"), .init("Result"), .init("Held in", .number)], rows: rows)
      ])
  }

  private static func runs(_ report: JSONValue) -> PageSection? {
    let all = list(report, "runs")
    guard !all.isEmpty else { return nil }
    let verdicts = all.map { RunHeader.verdict($0.text("verdict"), $0.text("reason")) }
    let passed = verdicts.count { $0.mark == .good }
    let rows = zip(all, verdicts).map { run, verdict -> [PageTable.Cell] in
      let seconds = run.number("elapsed_seconds")
      return [
        .init(run.value(at: "seed")?.description ?? "?"),
        .init(verdict.word + (run.text("reason").map { ": \($0)" } ?? ""), mark: verdict.mark),
        .init(seconds.map(FigureText.text) ?? "–", value: seconds),
        .init(run.text("folder").map { "\($0)/\(RunFolder.pageName)" } ?? "–"),
      ]
    }
    return PageSection(
      id: "runs", topic: "Runs",
      finding: "\(passed) of \(FigureText.counted(Double(all.count), "run", "runs")) passed",
      tables: [
        PageTable(
          id: "runs-table", caption: "Runs",
          columns: [.init("Seed"), .init("Verdict"), .init("Took, in seconds", .number), .init("Page")],
          rows: rows)
      ])
  }

  /// A number over all seeds.
  private struct Spread {
    var name: String
    var median: Double
    var min: Double
    var max: Double
  }

  private static func figures(_ report: JSONValue) -> PageSection? {
    let all = spreads(report, "").filter { !$0.name.hasPrefix("seed") }
    guard !all.isEmpty else { return nil }
    let moving = all.filter { $0.min != $0.max }
    func row(_ spread: Spread) -> [PageTable.Cell] {
      [.init(spread.name)]
        + [("median", spread.median), ("min", spread.min), ("max", spread.max)].map { function, number in
          .init(FigureText.text(number), value: number, figure: "\(spread.name).\(function)")
        }
    }
    let shown = moving.prefix(PageBounds.mostFigures)
    return PageSection(
      id: "figures", topic: "Figures",
      finding: moving.isEmpty
        ? "No figure depends on the seed, of \(all.count.grouped)"
        : "\(moving.count.grouped) of \(all.count.grouped) figures depend on the seed or on the machine",
      tables: [
        PageTable(
          id: "figures-table", caption: "Figures that are not equal in all runs",
          columns: [
            .init("Figure"), .init("Median", .number), .init("Least", .number), .init("Greatest", .number),
          ],
          rows: shown.map(row), total: moving.count)
      ].filter { !$0.rows.isEmpty })
  }

  /// Every figure of `value`, sorted by name; those of lists are left out.
  private static func spreads(_ value: JSONValue, _ path: String) -> [Spread] {
    guard case .object(let members) = value else { return [] }
    if let median = value.number("median"), let min = value.number("min"), let max = value.number("max") {
      return [Spread(name: path, median: median, min: min, max: max)]
    }
    return members.sorted { $0.key < $1.key }.flatMap {
      spreads($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)")
    }
  }
}
