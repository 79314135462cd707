import Foundation
import Pages
import TestSupport
import Testing

/// What a page is made of, and that nothing that somebody has named becomes markup.
@Suite struct PageTests {
  private static let policy = Page.Policy(styles: ["sha256-a="], scripts: ["sha256-b="])

  private func page(_ name: String, _ sections: [PageSection]) -> String {
    Page(
      header: .init(title: name, verdict: ("Failed", .bad), notes: [name], facts: [.init(name, name)]),
      sections: sections, footer: name, policy: Self.policy
    ).text()
  }

  private func section(_ name: String, id: String = "one", rows: Int = 2, total: Int? = nil) -> PageSection {
    PageSection(
      id: id, topic: name, finding: name, notes: [name],
      figures: [PageFigure(svg: "<svg role=\"img\"><rect><title>a</title></rect></svg>", caption: name)],
      tables: [
        PageTable(
          id: "\(id)-table", caption: name, columns: [.init(name), .init("Number", .number)],
          rows: (0..<rows).map { [.init(name), .init("\($0)", value: Double($0), figure: "figures.\($0)")] },
          total: total),
        PageTable(
          id: "\(id)-folded", caption: "\(name) folded", columns: [.init(name)],
          rows: [[.init(name, mark: .good)]], isFolded: true),
      ], texts: [PageText(id: "\(id)-text", title: name, text: name)])
  }

  static let names = [
    "<script>alert(1)</script>", "</title></style></svg><img src=x onerror=alert(1)>",
    "\" onclick=\"alert(1)",
    "' onclick='alert(1)", "&lt;b&gt; &amp;", "<svg onload=alert(1)><desc>", "]]><!--", "--></pre>",
    String(repeating: "漢", count: 64), "a\u{0}b\u{7}c\u{1B}[31m\u{9B}d", "\u{202E}rtl\u{2066}",
    "\u{FFFE}\u{FFFF}", "",
  ]

  @Test(arguments: names) func aNameIsTextAndNothingElse(name: String) {
    let reader = PageReader(page(name, [section(name)]))
    let plain = PageReader(page("plain", [section("plain")]))
    #expect(reader.faults.isEmpty, "\(reader.faults)")
    // The same elements with the same attributes by name, whatever the name is.
    #expect(reader.elements.map(\.name) == plain.elements.map(\.name))
    #expect(
      reader.elements.map { $0.attributes.keys.sorted() }
        == plain.elements.map { $0.attributes.keys.sorted() })
    #expect(reader.all("script").count == 1 && reader.all("img").isEmpty)
    let shown = String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { scalar in
          let isRefused =
            scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x202A...0x202E ~= scalar.value
            || 0x2066...0x2069 ~= scalar.value || scalar.value >= 0xFFFE && scalar.value <= 0xFFFF
          return isRefused ? "\u{FFFD}" : scalar
        }))
    #expect(shown.isEmpty || reader.text.contains(shown))
  }

  @Test func thePageIsOneFileWithAPolicy() {
    let html = page("a run", [section("one"), section("two", id: "two")])
    #expect(html.hasPrefix("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"))
    let reader = PageReader(html)
    let metas = reader.all("meta").map(\.attributes)
    #expect(
      metas.contains {
        $0["http-equiv"] == "Content-Security-Policy"
          && $0["content"]
            == "default-src 'none'; style-src 'sha256-a='; script-src 'sha256-b='; img-src data:; base-uri 'none'; form-action 'none'"
      })
    #expect(
      metas.contains { $0["name"] == "viewport" && $0["content"] == "width=device-width, initial-scale=1" })
    #expect(html.contains("<title>Failed: a run</title>"))
    // Nothing that a policy of digests would refuse, and nothing from elsewhere.
    #expect(reader.elements.allSatisfy { $0.attributes["style"] == nil })
    #expect(
      reader.elements.allSatisfy { element in element.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
    #expect(reader.all("link").map(\.attributes) == [["rel": "icon", "href": "data:,"]])
    #expect(!html.contains("http:") && !html.contains("https:"))
    #expect(page("a run", [section("one")]) == page("a run", [section("one")]))
  }

  @Test func headingsAndLandmarksAreInOrder() {
    let reader = PageReader(page("a run", [section("one"), section("two", id: "two")]))
    #expect(reader.elements.map(\.name).filter { ["h1", "h2", "h3"].contains($0) } == ["h1", "h2", "h2"])
    for name in ["header", "nav", "main", "footer"] { #expect(reader.all(name).count == 1, "\(name)") }
    #expect(reader.all("a").map { $0.attributes["href"] } == ["#one", "#two"])
    let sections = reader.all("section")
    #expect(sections.map { $0.attributes["id"] } == ["one", "two"])
    #expect(sections.map { $0.attributes["aria-labelledby"] } == reader.all("h2").map { $0.attributes["id"] })
    let ids = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    // What scrolls by itself can be reached by keyboard, and is called differently from all others.
    let areas = reader.elements.filter { $0.attributes["class"] == "scroll" }
    #expect(areas.count == 8)
    #expect(areas.allSatisfy { $0.attributes["tabindex"] == "0" && $0.attributes["role"] == "region" })
    #expect(Set(areas.map { $0.attributes["aria-label"] }).count == areas.count)
  }

  @Test func tablesSayWhatTheirCellsAre() {
    let html = page("a run", [section("one", rows: 2, total: 1234)])
    let reader = PageReader(html)
    #expect(reader.all("th").allSatisfy { ["row", "col"].contains($0.attributes["scope"]) })
    let figures = reader.all("td").filter { $0.attributes["data-figure"] != nil }
    #expect(figures.map { $0.attributes["data-figure"] } == ["figures.0", "figures.1"])
    #expect(figures.map { $0.attributes["data-value"] } == ["0", "1"])
    #expect(figures.allSatisfy { $0.attributes["class"] == "number" })
    #expect(reader.text.contains("one (2 of 1,234)"))
    #expect(!PageReader(page("a run", [section("one", rows: 2, total: 2)])).text.contains("of 2"))
    #expect(reader.all("details").count == 2 && reader.text.contains("one folded (1 row)"))
  }

  @Test(arguments: [
    (0.1, "0.1"), (518_400, "518400"), (-3, "-3"), (1e300, "1e+300"),
    (0.9444444444444444, "0.9444444444444444"),
    (1.7763568394002505e-15, "1.7763568394002505e-15"),
  ]) func valuesAreExact(value: Double, text: String) {
    var section = section("one", rows: 1)
    section.tables[0].rows = [["a", .init("about", value: value)]]
    let cell = PageReader(page("a run", [section])).all("td").first { $0.attributes["data-value"] != nil }
    #expect(cell?.attributes["data-value"] == text)
    #expect(cell?.attributes["data-value"].flatMap(Double.init) == value)
  }

  @Test func whatIsNoNumberHasNoValue() {
    for value in [Double.nan, .infinity] {
      var section = section("one", rows: 1)
      section.tables[0].rows = [["a", .init("?", value: value)]]
      let hasValue = page("a run", [section]).contains("data-value=")
      #expect(!hasValue)
    }
  }

  @Test func theScriptIsSmallAndTakesNoMarkup() {
    #expect(PageScript.text.utf8.count < PageDefaults.mostScriptBytes)
    for word in [
      "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "Function(", "fetch(", "XMLHttp", "import(",
    ] {
      #expect(!PageScript.text.contains(word), "\(word)")
    }
  }
}
