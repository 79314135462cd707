import Wording

extension ClusterTable {
  /// The widest line of ``terminalText``: what every terminal has.
  package static let terminalColumns = 80

  /// The sweep for people: a header and a line a row, ``terminalColumns`` wide at most. `±` is half the width of the interval of the
  /// median; a dash stands where a figure is not known. A last line says how fast nodes were taken to be.
  package var terminalText: String {
    let lines = [Self.heads] + entries.map(Self.cells)
    var widths = Self.heads.indices.map { column in lines.map { $0[column].columns }.max() ?? 0 }
    // What is cut is the name of the size: every other column is told apart by its end too.
    let others = widths.enumerated().reduce(0) { $1.offset == Self.sizeColumn ? $0 : $0 + $1.element + 1 }
    widths[Self.sizeColumn] = min(widths[Self.sizeColumn], max(0, Self.terminalColumns - others))
    let table = lines.map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        let text = Self.cut(cell, widths[column])
        let blanks = String(repeating: " ", count: widths[column] - text.columns)
        line += (column > 0 ? " " : "") + (Self.textColumns.contains(column) ? text + blanks : blanks + text)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
    return table.joined() + speedSentence + "\n"
  }

  /// How fast a node was taken to be, which every table says.
  package var speedSentence: String {
    let measured = entries.filter { $0.speed != 1 }.map { "\($0.row.cell.vmSize ?? "a node") \($0.speed)" }
    guard !measured.isEmpty else {
      return "A node of every size is taken to be as fast as this host (speed 1.0)."
    }
    return "Speeds relative to this host: \(Set(measured).sorted().listed); 1.0 where nothing else is said."
  }

  private static let heads = [
    "mode", "size", "nodes", "tier", "batch", "makespan", "speed-up", "$ a job", "$ a month",
  ]
  private static let sizeColumn = 1
  private static let textColumns: Set<Int> = [0, 1, 3]

  private static func cells(_ entry: Entry) -> [String] {
    let row = entry.row
    let percent = row.halfWidthPercent.map { " ±\($0)%" } ?? ""
    let size = row.cell.vmSize ?? row.cell.target
    return [
      row.cell.mode.rawValue, size.hasPrefix("Standard_") ? String(size.dropFirst(9)) : size,
      String(row.cell.nodes), row.cell.tier == .lowPriority ? "low prio." : row.cell.tier.rawValue,
      cut(row.cell.miniBatchSize, 7), span(row.makespanSeconds) + percent,
      row.speedup.map(ClusterRow.hundredths) ?? "-", money(row.costUSD),
      money(row.costUSDPerMonth),
    ]
  }

  /// Hours alone where there are more than a hundred: minutes then say nothing, and take the room of the size.
  private static func span(_ seconds: Double) -> String {
    seconds < 360_000 ? ClusterRow.spanWords(seconds) : "\(Int64(min(seconds / 3600, 1e9).rounded()))h"
  }

  /// Eight characters at most, and two significant digits of what a short job on a small node costs.
  private static func money(_ value: Double?) -> String {
    guard let value else { return "-" }
    guard value < 1e8 else { return "\(Int64(min(value / 1e6, 1e7).rounded()))M" }
    let decimals = value < 0.01 ? 6 : value < 10 ? 4 : value < 10_000 ? 2 : 0
    return Dollars(nearest: value).rounded(decimals: decimals)
  }

  private static func cut(_ text: String, _ width: Int) -> String {
    text.columns <= width ? text : text.fitted(to: max(0, width - 1)) + (width > 0 ? "…" : "")
  }
}
