import Charts
import ClusterModel

/// Sizes of nodes by numbers of nodes, as tables whose cells are coloured: how long, and at what cost.
enum SizesChart {
  private static let summary =
    "A row is a kind of node, a column a number of them. Darker is more; the least figure has a frame."

  static func svg(_ data: ClusterPictureData, id: String) -> String? {
    let rows = data.rows.filter {
      $0.makespanSeconds >= 0 && ChartDefaults.isDrawable($0.makespanSeconds) && $0.cell.nodes >= 1
    }
    let all = ClusterSeries.all(of: rows)
    let shown = Array(all.prefix(ClusterChartDefaults.mostTableRows))
    let numbers = Set(shown.flatMap(\.rows).map(\.cell.nodes)).sorted()
    let columns = Thinning.evenly(numbers, most: ClusterChartDefaults.mostTableColumns)
    // A cell is one figure: the one nearest to the truth.
    let chosen = shown.map { series in
      columns.map { nodes in series.rows.first { $0.cell.nodes == nodes } }
    }
    guard chosen.joined().contains(where: { $0 != nil }) else { return nil }
    let modes = Set(chosen.joined().compactMap { $0?.cell.mode })
    let grids = [
      grid("Makespan", .seconds, shown, columns, chosen, hasMarks: modes.count > 1) { $0.makespanSeconds },
      grid("Cost of a job", .dollars, shown, columns, chosen, hasMarks: modes.count > 1) {
        $0.costUSD.flatMap { $0 >= 0 && ChartDefaults.isDrawable($0) ? $0 : nil }
      },
    ].compactMap(\.self)
    var sheet = Sheet(
      id: id, title: "Sizes by nodes", summary: summary, description: summary + " " + description(grids))
    for grid in grids { grid.draw(on: &sheet) }
    sheet.bottom += 6
    let names = ClusterMode.allCases.filter(modes.contains)
    if names.count > 1 {
      sheet.addLegend(names.map { LegendEntry(.mark($0.shape, .ink), $0.rawValue) })
    } else {
      sheet.addNotes(names.map { "All figures are \($0.rawValue)." })
    }
    sheet.addNotes([
      Thinning.note(shown.count, of: all.count, "kinds of nodes"),
      Thinning.note(columns.count, of: numbers.count, "numbers of nodes"),
    ])
    return sheet.text()
  }

  /// Nil where no row has the figure.
  private static func grid(
    _ title: String, _ unit: ChartUnit, _ series: [ClusterSeries], _ columns: [Int],
    _ chosen: [[ClusterRow?]], hasMarks: Bool, _ figure: (ClusterRow) -> Double?
  ) -> HeatGrid? {
    let cells = zip(series, chosen).map { series, row in
      row.map { row -> HeatGrid.Cell? in
        guard let row, let value = figure(row) else { return nil }
        return HeatGrid.Cell(
          value: value, text: unit.text(value), mark: hasMarks ? row.cell.mode.shape : nil,
          tooltip: row.summary(series, unit.text(value)))
      }
    }
    guard cells.joined().contains(where: { $0 != nil }) else { return nil }
    let kept = zip(series, cells).filter { $0.1.contains { $0 != nil } }
    return HeatGrid(
      title: title, columnTitle: "nodes", columns: columns.map { "\($0)" }, rows: kept.map(\.0.label),
      cells: kept.map(\.1))
  }

  private static func description(_ grids: [HeatGrid]) -> String {
    grids.compactMap { grid in
      let least = grid.cells.joined().compactMap(\.self).min { $0.value < $1.value }
      return least.map { "\(grid.title), the least: \($0.tooltip)." }
    }.joined(separator: " ")
  }
}
