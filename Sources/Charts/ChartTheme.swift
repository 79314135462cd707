/// What has another colour on dark paper: the paper, text, axes and grid.
package struct ChartTheme: Hashable, Sendable {
  package let paper: String
  /// Text and what else stands out, with a contrast of 4.5 or more to the paper.
  package let ink: String
  /// Titles of axes and notes, with a contrast of 4.5 or more.
  package let quiet: String
  /// The grid only helps the eye; no figure needs it to be seen.
  package let grid: String

  package static let light = ChartTheme(paper: "#ffffff", ink: "#1f2328", quiet: "#57606a", grid: "#e4e8ec")
  package static let dark = ChartTheme(paper: "#0d1117", ink: "#e6edf3", quiet: "#9198a1", grid: "#262c34")

  /// The style sheet of every chart: the same text, so that a page which shows many has to allow one hash. Nothing outside an
  /// element of the class `sonde-chart` is touched. Paper is light where a page is printed.
  package static let styleSheet =
    ".sonde-chart{max-width:100%;height:auto}" + light.rules
    + "@media screen and (prefers-color-scheme:dark){" + dark.rules + "}"

  private var rules: String {
    [("paper", paper), ("ink", ink), ("quiet", quiet), ("grid", grid)]
      .map { ".sonde-chart .fill-\($0.0){fill:\($0.1)}.sonde-chart .stroke-\($0.0){stroke:\($0.1)}" }
      .joined()
  }
}

/// What an area or a line is drawn with.
package enum Paint: Hashable, Sendable {
  case color(ChartColor)
  /// A colour of ``HeatRamp``, `#rrggbb`.
  case cell(String)
  /// A ``Hatch`` of the sheet, by its identifier.
  case hatch(String)
  case paper
  case ink
  case quiet
  case grid

  /// The class that gives it its colour, for those that have another one on dark paper.
  var themeName: String? {
    switch self {
    case .color, .cell, .hatch: nil
    case .paper: "paper"
    case .ink: "ink"
    case .quiet: "quiet"
    case .grid: "grid"
    }
  }

  /// The value of the attribute, for the others.
  var value: String? {
    switch self {
    case .color(let color): color.rawValue
    case .cell(let color): color
    case .hatch(let id): "url(#\(id))"
    case .paper, .ink, .quiet, .grid: nil
    }
  }
}
