import Charts
import Files
import Pages
import Verdict

/// Figures of the report as cells of tables: what they say is what `report.json` says.
extension FinishedRun {
  /// A cell with the number that `path` names, and its name; a dash where there is none.
  func numberCell(_ path: String, _ text: (Double) -> String = ChartNumber.short) -> PageTable.Cell {
    guard let number = number(path) else { return "–" }
    return PageTable.Cell(text(number), value: number, figure: path)
  }

  /// A cell with the text that `path` names, and its name; a dash where there is none.
  func textCell(_ path: String) -> PageTable.Cell {
    guard let text = text(path) else { return "–" }
    return PageTable.Cell(text, figure: path)
  }

  /// Those of the figures that the report has, a row each.
  func rows(_ figures: [(name: String, path: String)], _ text: (Double) -> String = ChartNumber.short)
    -> [[PageTable.Cell]]
  {
    figures.filter { number($0.path) != nil }.map { [PageTable.Cell($0.name), numberCell($0.path, text)] }
  }

  /// What the parts of the run said of themselves; nil where it has no such file. Throws `FileError` and `JSONFileError`.
  func account() throws -> RunAccount? {
    FileStamp(folder.account) == nil ? nil : try RunAccount(path: folder.account)
  }
}
