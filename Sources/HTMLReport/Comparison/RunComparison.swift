import Files
import Pages
import Wording

/// Several runs side by side: their verdicts, their expectations, and every figure of their reports that differs.
package struct RunComparison {
  /// A run, and what it is called in the page.
  private struct Column {
    var name: String
    var run: FinishedRun
    var figures: [String: JSONValue]
  }

  private let columns: [Column]
  /// The names of all figures that any run has, in the order of the reports.
  private let names: [String]

  /// - Parameter runs: At least two, ``PageBounds/mostRuns`` at most, with the name of each; the first is what the others are held against.
  package init(_ runs: [(name: String, run: FinishedRun)]) {
    var names: [String] = []
    var known: Set<String> = []
    columns = Self.told(apart: runs.map(\.name)).enumerated().map { index, name in
      let figures = ReportFigures(runs[index].run.report).figures
      // What this run alone has comes behind what precedes it there.
      var place = 0
      for figure in figures {
        if known.insert(figure.name).inserted {
          names.insert(figure.name, at: min(place, names.count))
        } else {
          place = names.firstIndex(of: figure.name) ?? place
        }
        place += 1
      }
      return Column(
        name: name, run: runs[index].run,
        figures: Dictionary(figures.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }
    self.names = names
  }

  /// Names that are as short as a table needs and no two alike: those that are get a number.
  private static func told(apart names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      let isLong = name.count > PageBounds.mostNameCharacters
      let short = isLong ? "…" + name.suffix(PageBounds.mostNameCharacters) : name
      let number = seen[short, default: 0] + 1
      seen[short] = number
      return number == 1 ? short : "\(short) (\(number))"
    }
  }

  /// The page. Equal runs of equal names give equal bytes.
  package func text() -> String {
    let scenarios = columns.map { $0.run.text("scenario") ?? "?" }
    let isOne = Set(scenarios).count == 1
    let header = Page.Header(
      title: isOne ? "\(columns.count) runs of \(scenarios[0])" : "\(columns.count) runs side by side",
      notes: ["Each is held against the first, \(columns[0].name)."])
    return HTMLReport.page(
      header, [runs(), expectations(), figures()].compactMap(\.self),
      footer: "Made from report.json of each run. Figures that are equal in all runs are left out.")
  }

  // MARK: - Sections

  private func runs() -> PageSection {
    let verdicts = columns.map { RunHeader.verdict($0.run.text("verdict"), $0.run.text("reason")) }
    let passed = verdicts.count { $0.mark == .good }
    let finding =
      passed == columns.count
      ? "All \(columns.count) runs passed" : "\(passed) of \(columns.count) runs passed"
    let table = PageTable(
      id: "runs-table", caption: "Runs",
      columns: [
        .init("Run"), .init("Verdict"), .init("Scenario"), .init("Seed"), .init("Took, in seconds", .number),
        .init("Sonde"), .init("Processors", .number),
      ],
      rows: zip(columns, verdicts).map { column, verdict in
        let run = column.run
        let seconds = run.number("elapsed_seconds")
        let cores = run.manifest?.value(at: "host")?.number("cores")
        return [
          .init(column.name), .init(verdict.word, mark: verdict.mark), .init(run.text("scenario") ?? "–"),
          .init(run.figure("seed")?.description ?? "–"),
          .init(seconds.map(FigureText.text) ?? "–", value: seconds),
          .init(run.manifest?.value(at: "versions.sonde")?.description ?? "–"),
          .init(cores.map(FigureText.text) ?? "–", value: cores),
        ]
      })
    return PageSection(id: "runs", topic: "Verdicts", finding: finding, tables: [table])
  }

  /// Every expectation that any of the runs has; those that did not come out alike first.
  private func expectations() -> PageSection? {
    var order: [String] = []
    let judged = columns.map { column in
      let found = column.run.list("expectations").enumerated().map { JudgedExpectation($1, index: $0) }
      for expectation in found where !order.contains(expectation.name) { order.append(expectation.name) }
      return Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
    guard !order.isEmpty else { return nil }
    func isAlike(_ name: String) -> Bool { Set(judged.map { $0[name]?.isHeld }).count == 1 }
    let differing = order.filter { !isAlike($0) }
    let rows = (differing + order.filter(isAlike)).map { name -> [PageTable.Cell] in
      [.init(name)]
        + judged.map { found in
          guard let expectation = found[name] else { return "not judged" }
          let actual = expectation.actualCell
          return .init(
            "\(expectation.isHeld ? "held" : "not held"): \(actual.text)", value: actual.value,
            mark: expectation.isHeld ? .good : .bad)
        }
    }
    let finding =
      differing.isEmpty
      ? "All runs agree on \(FigureText.counted(Double(order.count), "expectation", "expectations"))"
      : "\(differing.count) of \(FigureText.counted(Double(order.count), "expectation", "expectations")) \(differing.count == 1 ? "comes" : "come") out differently"
    let table = PageTable(
      id: "expectations-table", caption: "Expectations",
      columns: [.init("Expectation")] + columns.map { .init($0.name) }, rows: rows)
    return PageSection(id: "expectations", topic: "Expectations", finding: finding, tables: [table])
  }

  /// The figures that are not equal in all runs, with the ratio to the first.
  private func figures() -> PageSection {
    let differing = names.filter { name in Set(columns.map { $0.figures[name] ?? .null }).count > 1 }
    let rows = differing.prefix(PageBounds.mostFigures).map { name -> [PageTable.Cell] in
      let first = columns[0].figures[name]
      return [.init(name), cell(first)]
        + columns.dropFirst().flatMap { [cell($0.figures[name]), ratio($0.figures[name], first)] }
    }
    let heads =
      [PageTable.Column("Figure"), .init(columns[0].name, .number)]
      + columns.dropFirst().flatMap {
        [PageTable.Column($0.name, .number), .init("\($0.name), ratio", .number)]
      }
    let finding =
      differing.isEmpty
      ? "No figure differs, of \(names.count.grouped)"
      : "\(differing.count.grouped) of \(names.count.grouped) figures differ"
    return PageSection(
      id: "figures", topic: "Figures", finding: finding,
      notes: differing.isEmpty ? [] : ["A ratio is the value over that of \(columns[0].name)."],
      tables: differing.isEmpty
        ? []
        : [
          PageTable(
            id: "figures-table", caption: "Figures that differ", columns: heads, rows: rows,
            total: differing.count)
        ])
  }

  private func cell(_ value: JSONValue?) -> PageTable.Cell {
    guard let value else { return "–" }
    guard case .number(let number) = value else { return .init(FigureText.text(value)) }
    return .init(FigureText.text(number), value: number)
  }

  private func ratio(_ value: JSONValue?, _ first: JSONValue?) -> PageTable.Cell {
    guard case .number(let value)? = value, case .number(let first)? = first, first != 0 else { return "–" }
    return .init("×\(FigureText.text(value / first))", value: value / first)
  }
}
