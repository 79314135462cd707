import Wording

extension PageTable {
  /// The table in an area that scrolls by itself, folded where it is to be.
  var html: HTML {
    let table = HTML.element(
      "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Table: \(caption)"],
      .element("table", ["id": id], captionHTML, head, body))
    guard isFolded else { return .element("div", ["class": "table"], table) }
    return .element(
      "details", ["class": "table"],
      .element("summary", .text(caption + " "), .element("span", ["class": "of"], .text(size))),
      table)
  }

  /// How many rows there are, and of how many.
  private var size: String {
    let count = rows.count == 1 ? "1 row" : "\(rows.count.grouped) rows"
    guard let total, total > rows.count else { return "(\(count))" }
    return "(\(rows.count.grouped) of \(total.grouped))"
  }

  private var captionHTML: HTML {
    // Folded, the caption is read above the table already.
    if isFolded { return .element("caption", ["class": "hidden"], .text(caption)) }
    guard let total, total > rows.count else { return .element("caption", .text(caption)) }
    return .element("caption", .text(caption + " "), .element("span", ["class": "of"], .text(size)))
  }

  private var head: HTML {
    .element(
      "thead",
      .element(
        "tr",
        columns.map { column in
          column.kind == .number
            ? .element("th", ["scope": "col", "class": "number"], .text(column.title))
            : .element("th", ["scope": "col"], .text(column.title))
        }))
  }

  private var body: HTML {
    .element("tbody", rows.map { row in .element("tr", row.enumerated().map { cell($1, at: $0) }) })
  }

  /// The first cell of a row names it.
  private func cell(_ cell: Cell, at column: Int) -> HTML {
    let isNumber = column < columns.count && columns[column].kind == .number
    var attributes: [(StaticString, String)] = column == 0 ? [("scope", "row")] : []
    let classes = [isNumber ? "number" : nil, cell.mark?.className].compactMap(\.self)
    if !classes.isEmpty { attributes.append(("class", classes.joined(separator: " "))) }
    if let figure = cell.figure { attributes.append(("data-figure", figure)) }
    if let value = cell.value, value.isFinite { attributes.append(("data-value", Self.shortest(value))) }
    let content = HTML.list([cell.mark?.html, .text(cell.text)].compactMap(\.self))
    return .element(column == 0 ? "th" : "td", attributes: attributes, [content])
  }

  /// The shortest decimal that is read back as `value`; a whole number without a fraction.
  static func shortest(_ value: Double) -> String {
    Int64(exactly: value).map(String.init) ?? value.description
  }
}
