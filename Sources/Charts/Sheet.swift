/// A picture from top to bottom: its title and what it shows, then whatever is drawn, a legend and notes. Everything takes its room
/// in turn, so nothing lies over anything else.
package struct Sheet {
  /// Begins the identifiers of the file, so that several charts can stand in one page.
  package let id: String
  private let title: String
  private let description: String
  private var definitions: [String] = []
  package var drawing = Drawing()
  /// Where the next thing begins.
  package var bottom: Double

  /// The left and the right edge of text.
  package static let left = ChartDefaults.margin
  package static let right = ChartDefaults.width - ChartDefaults.margin
  package static var width: Double { right - left }

  /// - Parameters:
  ///   - id: Of letters, digits and hyphens.
  ///   - summary: A sentence or two below the title.
  ///   - description: What is seen, in words, for those who do not see it.
  package init(id: String, title: String, summary: String, description: String) {
    self.id = id
    self.title = title
    self.description = description
    bottom = ChartDefaults.margin + ChartDefaults.titleSize
    drawing.text(
      title, at: Point(Self.left, bottom - 2), size: Self.titleSize(title), isBold: true, room: Self.width)
    bottom += 4
    addLines(summary)
    bottom += 10
  }

  /// A title that is too long is set smaller, down to the size of other text, before it is cut.
  private static func titleSize(_ title: String) -> Double {
    let needed = ChartText.width(title, size: ChartDefaults.titleSize * ChartDefaults.boldWidth)
    guard needed > width else { return ChartDefaults.titleSize }
    let fitting = (ChartDefaults.titleSize * width / needed * 10).rounded(.down) / 10
    return max(ChartDefaults.fontSize, fitting)
  }

  /// A note below everything that is there, such as what is left out.
  package mutating func addNote(_ text: String) { addLines(text) }

  /// Those of the notes that there are.
  package mutating func addNotes(_ texts: [String?]) {
    for text in texts.compactMap(\.self) { addNote(text) }
  }

  private mutating func addLines(_ text: String) {
    for line in ChartText.wrapped(text, to: Self.width) {
      bottom += ChartDefaults.lineHeight
      drawing.text(line, at: Point(Self.left, bottom - 4), .start, .quiet)
    }
  }

  /// Makes a pattern of `hatch` in `color`, which is named by what it stands for.
  package mutating func hatched(_ hatch: Hatch, _ color: ChartColor, name: String) -> Paint {
    let id = "\(id)-\(name)"
    let definition = hatch.definition(id: id, color)
    if !definitions.contains(definition) { definitions.append(definition) }
    return .hatch(id)
  }

  /// The file.
  package func text() -> String {
    let width = ChartNumber.pixels(ChartDefaults.width)
    let height = ChartNumber.pixels((bottom + ChartDefaults.margin).rounded(.up))
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sonde-chart\" viewBox=\"0 0 \(width) \(height)\" "
        + "width=\"\(width)\" height=\"\(height)\" role=\"img\" "
        + "aria-labelledby=\"\(id)-title \(id)-description\" "
        + "font-family=\"system-ui,'Segoe UI','Helvetica Neue',Arial,sans-serif\" "
        + "font-size=\"\(ChartNumber.pixels(ChartDefaults.fontSize))\">",
      "<title id=\"\(id)-title\">\(ChartText.escaped(title))</title>",
      "<desc id=\"\(id)-description\">\(ChartText.escaped(description))</desc>",
      "<style>\(ChartTheme.styleSheet)</style>",
    ]
    if !definitions.isEmpty { lines += ["<defs>"] + definitions + ["</defs>"] }
    lines.append("<rect class=\"fill-paper\" x=\"0\" y=\"0\" width=\"\(width)\" height=\"\(height)\"/>")
    return (lines + drawing.elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
