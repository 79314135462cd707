import Charts
import Files
import LoadCharts
import Pages
import Verdict

/// Where a load that climbs was carried for the last time, and what gave.
package enum CapacityPageSection {
  private static let mostSteps = 60

  /// Nil where the load does not climb. Throws `FileError` and `JSONFileError` where a file cannot be read.
  package static func section(_ run: FinishedRun) throws -> PageSection? {
    guard run.figure("capacity") != nil, let account = try run.account() else { return nil }
    let capacity = CapacityFinding(LoadFigures.all(of: account))
    let knee = run.number("capacity.knee_per_second")
    var section = PageSection(
      id: "capacity", topic: "How much does it carry?", finding: title(run, knee, capacity),
      notes: capacity.sentences, tables: [answers(run), steps(run)])
    if let svg = CapacityChart.svg(capacity) { section.figures = [PageFigure(svg: svg)] }
    section.tables.removeAll { $0.rows.isEmpty }
    return section
  }

  private static func title(_ run: FinishedRun, _ knee: Double?, _ capacity: CapacityFinding) -> String {
    guard let knee else { return "No knee: \(capacity.failure ?? "no step was carried")" }
    guard capacity.failure == nil else {
      return "\(ChartNumber.short(knee)) messages a second were carried, and no step was too much"
    }
    guard case .text(let limit) = run.figure("capacity.limit") else {
      return "\(ChartNumber.short(knee)) messages a second were carried"
    }
    return "\(ChartNumber.short(knee)) messages a second were carried; then the limit was: \(limit)"
  }

  private static func answers(_ run: FinishedRun) -> PageTable {
    let figures = [
      ("Messages a second at the knee", "capacity.knee_per_second"),
      ("99% durable within, in ms", "capacity.knee_p99_ms"),
      ("Step of the knee", "capacity.knee_step"), ("Steps", "capacity.steps"),
    ]
    return PageTable(
      id: "capacity-answers", caption: "The knee", columns: [.init("What"), .init("How much", .number)],
      rows: run.rows(figures))
  }

  private static func steps(_ run: FinishedRun) -> PageTable {
    let steps = run.list("load")
    return PageTable(
      id: "capacity-steps", caption: "The steps of the climb",
      columns: [
        .init("Step", .number), .init("Offered a second", .number), .init("Durable a second", .number),
        .init("99% within, in ms", .number), .init("Carried"), .init("Limit"), .init("Why"),
      ],
      rows: steps.indices.prefix(mostSteps).map { index in
        let numbers = ["stage", "offered_per_second", "achieved_per_second", "end_to_end_ms.p99"]
        return numbers.map { run.numberCell("load.\(index).\($0)") }
          + ["carried", "limit", "why"].map { run.textCell("load.\(index).\($0)") }
      }, total: steps.count)
  }
}
