import Charts
import Files
import Pages
import Verdict

/// 1: every expectation with what was measured, what was wanted, and how much room there is; those that failed first.
enum VerdictSection {
  static func section(_ run: FinishedRun) throws -> PageSection? {
    let all = run.list("expectations").enumerated().map { JudgedExpectation($1, index: $0) }
    // Those that failed first, otherwise as the scenario has them.
    let judged = all.filter { !$0.isHeld } + all.filter(\.isHeld)
    var section = PageSection(id: "verdict", topic: "Verdict", finding: finding(run, all))
    if !judged.isEmpty {
      section.figures = picture(judged).map { [PageFigure(svg: $0)] } ?? []
      section.tables = [table(judged)]
    }
    return section
  }

  private static func finding(_ run: FinishedRun, _ all: [JudgedExpectation]) -> String {
    let failed = all.filter { !$0.isHeld }
    let held =
      all.count == 1
      ? "the one expectation held"
      : failed.isEmpty
        ? "all \(all.count) expectations held"
        : "\(all.count - failed.count) of \(all.count) expectations held"
    switch run.text("verdict").flatMap(Verdict.init) {
    case .passed where all.isEmpty:
      return "No expectation was judged, and the run found nothing wrong of itself"
    case .passed: return "Passed: \(held)"
    case .failed where all.isEmpty: return "Failed: the run found something wrong of itself"
    case .failed where failed.isEmpty: return "Failed for another reason, though \(held)"
    case .failed:
      let which =
        failed.count == all.count && all.count == 1
        ? "the one expectation did not hold" : "\(failed.count) of \(all.count) expectations did not hold"
      let more = failed.count == 1 ? "" : ", and \(failed.count - 1) more"
      return "Failed: \(which): \(failed[0].sentence)\(more)"
    case .invalid: return "Nothing may be concluded" + (all.isEmpty ? "" : ", though \(held)")
    case .error, nil: return "The run broke off before it could be judged"
    }
  }

  private static func table(_ judged: [JudgedExpectation]) -> PageTable {
    PageTable(
      id: "expectations", caption: "Expectations",
      columns: [
        .init("Expectation"), .init("Result"), .init("Actual", .number), .init("Wanted", .number),
        .init("Margin", .number),
      ],
      rows: judged.map { [.init($0.name), $0.resultCell, $0.actualCell, $0.wantedCell, $0.marginCell] })
  }

  /// How far from their limits those are that have one; nil where that says no more than the table.
  private static func picture(_ judged: [JudgedExpectation]) -> String? {
    let rows = judged.compactMap { expectation -> MarginChart.Row? in
      guard let margin = expectation.relativeMargin, expectation.hasRoom || !expectation.isHeld else {
        return nil
      }
      return MarginChart.Row(
        expectation.name, margin: margin, isHeld: expectation.isHeld, text: expectation.sentence)
    }
    guard rows.contains(where: { $0.margin.isFinite }) else { return nil }
    return MarginChart(
      title: "How far from the limits",
      summary:
        "Expectations that leave room, and of those that want an exact value the ones that do not hold.",
      rows: rows
    ).svg(id: "margins")
  }
}

/// An expectation of a report, and how much room there is.
struct JudgedExpectation {
  /// As the scenario has it.
  let name: String
  let isHeld: Bool
  private let actual: JSONValue
  private let explanation: String?
  private let figure: String
  /// Nil where it is none of this version's.
  private let expectation: Expectation?

  /// - Parameter index: Its place in the report.
  init(_ entry: JSONValue, index: Int) {
    name = entry.text("expression") ?? "?"
    isHeld = entry.value(at: "passed") == .bool(true)
    actual = entry.value(at: "actual") ?? .null
    explanation = entry.text("explanation")
    figure = "expectations.\(index).actual"
    expectation = try? Expectation(name)
  }

  private var numbers: (actual: Double, wanted: Double)? {
    guard case .number(let actual) = actual, case .number(let wanted)? = expectation?.demanded else {
      return nil
    }
    return (actual, wanted)
  }

  /// Whether values may lie apart from the limit.
  var hasRoom: Bool { expectation.map { $0.comparison != .equal } ?? false }

  /// How far the value is from the limit, above zero where there is room; nil where there is nothing to measure.
  private var margin: Double? {
    guard let expectation, let (actual, wanted) = numbers else { return nil }
    switch expectation.comparison {
    case .greater, .greaterOrEqual: return actual - wanted
    case .less, .lessOrEqual: return wanted - actual
    case .equal: return -abs(actual - wanted)
    case .notEqual: return abs(actual - wanted)
    }
  }

  /// The same in parts of the limit; infinite where that is zero.
  var relativeMargin: Double? {
    guard let margin, let (_, wanted) = numbers else { return nil }
    if wanted == 0 { return margin == 0 ? 0 : margin > 0 ? .infinity : -.infinity }
    return margin / abs(wanted)
  }

  /// The value for people; nil where nothing was measured.
  private var actualText: String? {
    if actual == .null { return nil }
    guard let (actual, wanted) = numbers else { return FigureText.text(self.actual) }
    return FigureText.text(actual, apartFrom: wanted)
  }

  private var wantedText: String? {
    expectation.map { "\($0.comparison.rawValue) \(FigureText.text($0.demanded))" }
  }

  /// What is and what should be, in words.
  var sentence: String {
    let subject = expectation?.names.joined(separator: ".") ?? name
    let wanted = wantedText.map { ", wanted \($0)" } ?? ""
    return actualText.map { "\(subject) is \($0)\(wanted)" } ?? "\(subject) was not measured"
  }

  var resultCell: PageTable.Cell {
    // What is measured, and that it is not, stands beside it.
    let isSaid =
      explanation.map { $0.hasPrefix("it is ") || $0.hasSuffix("was not measured in this run") } ?? true
    let why = isSaid ? "" : explanation.map { ": \($0)" } ?? ""
    return isHeld ? .init("held", mark: .good) : .init("not held\(why)", mark: .bad)
  }

  var actualCell: PageTable.Cell {
    guard let actualText else { return "not measured" }
    var cell = PageTable.Cell(actualText, figure: figure)
    if case .number(let number) = actual { cell.value = number }
    return cell
  }

  var wantedCell: PageTable.Cell {
    guard let wantedText else { return "–" }
    return .init(wantedText, value: numbers?.wanted)
  }

  var marginCell: PageTable.Cell {
    guard let margin, let relativeMargin else { return "–" }
    if margin == 0 { return .init(hasRoom ? "at the limit" : "exact", value: 0) }
    let share = relativeMargin.isFinite ? " (\(ChartUnit.percent.text(abs(relativeMargin))))" : ""
    return .init((margin > 0 ? "+" : "−") + FigureText.text(abs(margin)) + share, value: margin)
  }
}
