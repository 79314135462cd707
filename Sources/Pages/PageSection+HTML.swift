extension PageSection {
  /// The section: what it is about, what was found, then pictures, tables and texts.
  var html: HTML {
    var pieces: [HTML] = [
      .element("p", ["class": "topic"], .text(topic)), .element("h2", ["id": titleID], .text(finding)),
    ]
    pieces += notes.map { .element("p", .text($0)) }
    pieces += figures.enumerated().map {
      $1.html(label: figures.count == 1 ? "Picture: \(topic)" : "Picture \($0 + 1): \(topic)")
    }
    pieces += tables.map(\.html)
    pieces += texts.map(\.html)
    return .element("section", ["id": id, "aria-labelledby": titleID], pieces)
  }

  /// Pictures name their own titles with `-title`, and may have the name of the section.
  private var titleID: String { "\(id)-heading" }
}

extension PageFigure {
  /// - Parameter label: What the area that scrolls is called; no other of the page is called so.
  func html(label: String) -> HTML {
    let area = HTML.element(
      "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": label], .picture(svg))
    return .element(
      "figure", ["class": "picture"], [area] + (caption.map { [.element("figcaption", .text($0))] } ?? []))
  }
}

extension PageText {
  var html: HTML {
    .element(
      "details", ["id": id], .element("summary", .text(title)),
      .element(
        "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Text: \(title)"],
        .element("pre", .text(text))))
  }
}
