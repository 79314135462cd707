/// Sizes and bounds of charts, each with its reason.
package enum ChartDefaults {
  /// In pixels: as wide as a column of a page of documentation. A chart is shown smaller where there is less room.
  package static let width = 720.0
  /// Of all text but titles, in pixels at full width: smaller is hard to read.
  package static let fontSize = 12.0
  package static let titleSize = 16.0
  /// How much wider bold letters are: those of DejaVu Sans are up to 12 percent wider.
  package static let boldWidth = 1.12
  /// The space around everything.
  package static let margin = 16.0
  /// From one line of text to the next.
  package static let lineHeight = 17.0
  /// Half the size of a mark: shapes are told apart from here on.
  package static let markRadius = 4.5
  /// Doubles count thousandths exactly up to here; what is larger is not drawn.
  package static let largest = 1e12
  /// Smaller values are not drawn on a logarithmic axis, and are nothing on a linear one: no figure of ours is known so well.
  package static let smallest = 1e-9
  /// An entry of a legend, a name of a row: longer names lose their middle; the whole is in a tooltip.
  package static let longestLabel = 330.0

  /// Whether `value` can have a place on an axis.
  package static func isDrawable(_ value: Double) -> Bool { abs(value) <= largest }
}
