import Files
import HTMLReport
import Pages
import Testing
import Verdict

extension PageSection {
  func requiredTable(_ id: String) throws -> PageTable { try #require(tables.first { $0.id == id }, "\(id)") }

  /// Every cell that names a figure of the report says what the report says.
  func checkFigures(_ run: FinishedRun) throws {
    let cells = tables.flatMap { $0.rows.joined() }.filter { $0.figure != nil }
    for cell in cells {
      let path = try #require(cell.figure)
      let expectation = try Expectation("\(path) == \(try #require(cell.value))")
      #expect(expectation.evaluate(run.report).passed, "\(path) is not \(cell.text)")
    }
    for table in tables {
      #expect(table.rows.allSatisfy { $0.count == table.columns.count }, "\(table.id)")
      if let total = table.total { #expect(total >= table.rows.count) }
    }
  }
}

extension PageTable {
  /// The text of the cell below `column` in the row that begins with `first`.
  func text(_ first: String, _ column: String) throws -> String {
    let place = try #require(columns.firstIndex { $0.title == column }, "\(column)")
    return try #require(rows.first { $0.first?.text == first }, "\(first)")[place].text
  }
}
