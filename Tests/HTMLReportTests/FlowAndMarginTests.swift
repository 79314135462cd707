import Charts
import Foundation
import Testing

/// The pictures of what becomes of readings, and of how far values are from their limits.
@Suite struct FlowAndMarginTests {
  /// The rectangles of the class `role`, as left edge and width.
  private func boxes(_ svg: String, _ role: String) -> [(left: Double, width: Double)] {
    svg.matches(of: #/<rect x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)" height="[0-9.]+" class="([a-z]+)/#)
      .filter { $0.3 == role }.compactMap { match in
        Double(match.1).flatMap { left in Double(match.2).map { (left, $0) } }
      }
  }

  private func flow(_ rows: [FlowChart.Row]) -> FlowChart {
    FlowChart(title: "The way", summary: "What leaves.", parts: [.init("Readings", rows)])
  }

  @Test func barsAreAsLongAsTheirCounts() throws {
    let svg = try #require(
      flow([
        .init("planned", 1000), .init("late", 100, .aside, from: 900), .init("lost", 300, .lost, from: 600),
        .init("stored", 600), .init("twice", 200, .extra, from: 600),
      ]).svg(id: "flow"))
    let (stages, aside, lost, extra) = (
      boxes(svg, "stage"), boxes(svg, "aside"), boxes(svg, "lost"), boxes(svg, "extra")
    )
    #expect(stages.count == 2 && aside.count == 1 && lost.count == 1 && extra.count == 1)
    #expect(abs(stages[1].width / stages[0].width - 0.6) < 0.001)
    #expect(abs(aside[0].left - stages[0].left - 0.9 * stages[0].width) < 0.1)
    #expect(abs(lost[0].width / stages[0].width - 0.3) < 0.001)
    // What leaves ends where the next stage ends, and what came on top begins there.
    #expect(abs(lost[0].left - stages[1].left - stages[1].width) < 0.1)
    #expect(abs(extra[0].left - lost[0].left) < 0.1)
    #expect(svg.contains("300 (30%)") && svg.contains(">600 (60%)<"))
  }

  @Test func oneOfMillionsIsSeen() throws {
    let svg = try #require(
      flow([.init("planned", 5e6), .init("lost", 1, .lost, from: 5e6 - 1), .init("stored", 5e6 - 1)]).svg(
        id: "flow"))
    let lost = try #require(boxes(svg, "lost").first)
    #expect(lost.width >= 3)
    let stage = boxes(svg, "stage")[0]
    #expect(lost.left + lost.width <= stage.left + stage.width + 0.01)
    let none = try #require(flow([.init("planned", 5), .init("lost", 0, .lost, from: 5)]).svg(id: "flow"))
    #expect(boxes(none, "lost").isEmpty && none.contains(">lost<"))
  }

  @Test func nothingGivesNoPicture() {
    #expect(flow([]).svg(id: "flow") == nil)
    #expect(flow([.init("a", .nan), .init("b", .infinity)]).svg(id: "flow") == nil)
    #expect(flow([.init("a", 0)]).svg(id: "flow") != nil)
    #expect(MarginChart(title: "a", summary: "b", rows: []).svg(id: "m") == nil)
  }

  @Test(arguments: ["<b>&\"'", "</svg><script>", String(repeating: "漢", count: 64), "a\u{7}b"])
  func namesAreText(name: String) throws {
    for svg in [
      flow([.init(name, 10), .init(name, 1, .lost, from: 9)]).svg(id: "flow"),
      MarginChart(title: name, summary: name, rows: [.init(name, margin: 0.1, isHeld: true, text: name)]).svg(
        id: "m"),
    ] {
      let svg = try #require(svg)
      #expect(!svg.contains("<b>") && !svg.contains("<script>") && !svg.contains("\u{7}"))
      #expect(svg.matches(of: #/<\/svg>/#).count == 1)
      let parser = XMLShape(svg)
      #expect(parser.isWellFormed)
    }
  }

  @Test func marginsLieOnTheirSideOfTheLimit() throws {
    let svg = try #require(
      MarginChart(
        title: "Limits", summary: "How far.",
        rows: [
          .init("room", margin: 0.5, isHeld: true, text: "a"),
          .init("missed", margin: -0.5, isHeld: false, text: "b"),
          .init("exact", margin: 0, isHeld: true, text: "c"),
          .init("far", margin: 8, isHeld: true, text: "d"),
          .init("zero", margin: -.infinity, isHeld: false, text: "e"),
          .init("odd", margin: .nan, isHeld: false, text: "f"),
        ]
      ).svg(id: "m"))
    let limit = try #require(
      svg.firstMatch(of: #/<line x1="([0-9.]+)"[^>]*class="limit/#).flatMap { Double($0.1) })
    let discs = svg.matches(of: #/<circle cx="([0-9.]+)"[^>]*class="mark/#).compactMap { Double($0.1) }
    #expect(discs.count == 3)
    #expect(discs[0] > limit && abs(discs[1] - limit) < 0.01 && discs[2] > discs[0])
    let crosses = svg.matches(of: #/<path d="M([0-9.]+) [^>]*class="mark/#).compactMap { Double($0.1) }
    #expect(crosses.count == 3 && crosses[0] < limit)
    for label in ["+50%", "-50%", "at the limit", "+800% (off the scale)", "the limit is zero"] {
      #expect(svg.contains(">\(label)<"), "\(label)")
    }
  }

  @Test func manyExpectationsAreBounded() throws {
    let rows = (0..<100).map { MarginChart.Row("e\($0)", margin: 0.1, isHeld: true, text: "t") }
    let svg = try #require(MarginChart(title: "Limits", summary: "How far.", rows: rows).svg(id: "m"))
    #expect(svg.contains("30 of 100 are shown.") && !svg.contains(">e30<"))
  }
}
