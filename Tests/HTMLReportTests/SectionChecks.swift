import Files
import HTMLReport
import Pages
import Testing
import Verdict

extension PageSection {
  func table(_ id: String) -> PageTable? { tables.first { $0.id == id } }

  func requiredTable(_ id: String) throws -> PageTable { try #require(table(id), "\(id)") }

  /// Every cell that names a figure of the report says what the report says, and every row has as many cells as there are columns.
  func checkFigures(_ run: FinishedRun) throws {
    for cell in tables.flatMap({ $0.rows.joined() }) {
      guard let path = cell.figure else { continue }
      guard let value = cell.value else {
        #expect(run.text(path) == cell.text, "\(path)")
        continue
      }
      // Entries that are told by a member, as expectations tell them, have no path.
      let isEqual =
        path.contains("[")
        ? try Expectation("\(path) == \(value)").evaluate(run.report).passed : run.number(path) == value
      #expect(isEqual, "\(path) is not \(cell.text)")
    }
    for table in tables {
      #expect(table.rows.allSatisfy { $0.count == table.columns.count }, "\(table.id)")
      if let total = table.total { #expect(total >= table.rows.count) }
    }
  }

  /// The figures that are named.
  var named: Set<String> { Set(tables.flatMap { $0.rows.joined().compactMap(\.figure) }) }

  /// Whether a picture has something in it that a name was made of.
  var hasForeignMarkup: Bool {
    figures.contains {
      $0.svg.contains("<script") || $0.svg.contains("\u{7}") || $0.svg.contains("</title><s")
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
