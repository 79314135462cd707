import Charts
import ClusterCharts
import ClusterModel
import Compute
import Foundation
import TestSupport
import Testing

@Suite struct ClusterChartTests {
  private func picture(_ chart: ClusterChart, _ data: ClusterPictureData) throws -> Picture {
    try Picture(try #require(chart.svg(data), "\(chart)"))
  }

  @Test(arguments: ClusterChart.allCases) func everyPictureStandsByItself(chart: ClusterChart) throws {
    let svg = try #require(chart.svg(Samples.sweep))
    let picture = try Picture(svg)
    let root = try #require(picture.elements.first)
    #expect(root.name == "svg" && root.attributes["viewBox"]?.hasPrefix("0 0 720 ") == true)
    for name in ["title", "desc"] {
      let element = try #require(picture.elements.first { $0.name == name })
      #expect(!element.text.isEmpty)
      #expect(root.attributes["aria-labelledby"]?.contains(try #require(element.attributes["id"])) == true)
    }
    // No script, nothing from elsewhere, and no style that a page's rules would have to allow one by one.
    #expect(
      !picture.elements.contains { ["script", "image", "use", "a", "foreignObject"].contains($0.name) })
    #expect(!picture.elements.contains { $0.attributes["style"] != nil || $0.attributes["onload"] != nil })
    #expect(svg.matches(of: /https?:/).count == 1, "the name space alone")
    #expect(svg.matches(of: /url\((?!#)/).isEmpty)
    #expect(picture.elements.filter { $0.name == "style" }.map(\.text) == [ChartTheme.styleSheet])
    for text in picture.elements where text.name == "text" {
      #expect(text.attributes["font-size"].flatMap(Double.init) ?? ChartDefaults.fontSize >= 12)
    }
  }

  @Test(arguments: ClusterChart.allCases) func equalDataGiveEqualBytes(chart: ClusterChart) {
    #expect(chart.svg(Samples.sweep) == chart.svg(Samples.sweep))
    #expect(chart.svg(ClusterPictureData()) == nil)
  }

  /// The pixel of a value, read off the labels of the axis: between the two that are given.
  private func place(_ value: Double, _ one: (Double, Double), _ other: (Double, Double), byLog: Bool)
    -> Double
  {
    let f: (Double) -> Double = byLog ? { log($0) } : { $0 }
    let share = (f(value) - f(one.0)) / (f(other.0) - f(one.0))
    return one.1 + share * (other.1 - one.1)
  }

  @Test(arguments: [false, true]) func pointsStandAtTheirValues(isWide: Bool) throws {
    let nodes = isWide ? [1, 4, 64] : [1, 2, 4]
    let speedups = isWide ? [1, 3.3, 29] : [1, 1.7, 3.1]
    let rows = zip(nodes, speedups).map { Samples.row(.measured, nodes: $0, speedup: $1) }
    let picture = try picture(.speedup, ClusterPictureData(rows: rows))
    let across = picture.labelsBelow("nodes").compactMap { label in Double(label.text).map { ($0, label.x) } }
    let up = picture.labelsAtTheSide.compactMap { label in Double(label.text).map { ($0, label.y) } }
    try #require(across.count > 1 && up.count > 1)
    let marks = picture.all("mark")
    #expect(marks.count == 3 && marks.allSatisfy { $0.name == "circle" })
    for (row, mark) in zip(rows, marks) {
      let x = place(Double(row.cell.nodes), across[0], across[across.count - 1], byLog: isWide)
      let y = place(try #require(row.speedup), up[0], up[up.count - 1], byLog: isWide)
      #expect(abs(mark.number("cx") - x) < 0.05 && abs(mark.number("cy") - y) < 0.05, "\(row.cell.nodes)")
    }
    // The ideal line has as many times as nodes.
    let ideal = try #require(picture.all("ideal").first)
    #expect(abs(ideal.number("x1") - marks[0].number("cx")) < 0.05)
    #expect(abs(ideal.number("y1") - marks[0].number("cy")) < 0.05)
  }

  /// Damages one figure in the smallest way: its mark differs, and no other one.
  @Test func oneValueMovesOneMark() throws {
    typealias Damage = (inout ClusterPictureData) -> Void
    let damages: [(ClusterChart, String, Damage)] = [
      (.speedup, "mark", { $0.rows[7].speedup? *= 1.01 }),
      (.efficiency, "mark", { $0.rows[7].speedup? *= 1.01 }),
      (.simulatedAgainstMeasured, "mark", { $0.comparisons[1].simulatedSeconds *= 1.004 }),
      (.simulatedAgainstMeasured, "error", { $0.comparisons[1].simulatedSeconds *= 1.004 }),
      (.nodes, "mark", { $0.rows[5].lives[3].end = .seconds(399) }),
      (.costAgainstTime, "mark", { $0.rows[7].costUSD? *= 1.01 }),
      (.sizesByNodes, "value", { $0.rows[7].costUSD? *= 1.01 }),
      (.sizesByNodes, "value", { $0.rows[7].makespanSeconds *= 1.01 }),
    ]
    for (chart, role, damage) in damages {
      var damaged = Samples.sweep
      damage(&damaged)
      let before = try picture(chart, Samples.sweep).all(role)
      let after = try picture(chart, damaged).all(role)
      #expect(before.count == after.count)
      #expect(zip(before, after).count { $0 != $1 } == 1, "\(chart) \(role)")
    }
    var damaged = Samples.sweep
    damaged.monthCurves[0].points[12].usdPerMonth *= 1.1
    let before = try picture(.month, Samples.sweep).all("line")
    let after = try picture(.month, damaged).all("line")
    #expect(before[1] == after[1])
    #expect(zip(before[0].points, after[0].points).count { $0 != $1 } == 1)
  }

  @Test func modesSeriesAndStatesAreToldApartWithoutColour() throws {
    let data = Samples.sweep
    let curves = try picture(.speedup, data)
    let shapes = ["measured": "circle", "paced": "rect", "simulated": "polygon"]
    for mark in curves.all("mark") {
      let mode = try #require(mark.tooltip?.split(separator: ",").first)
      #expect(mark.name == shapes[String(mode)])
    }
    let samples = curves.all("sample").filter { $0.name == "line" }
    #expect(samples.count == 4, "three series and the ideal")
    #expect(Set(samples.prefix(3).map { $0.attributes["stroke-dasharray"] ?? "solid" }).count == 3)
    for letter in ["A", "B", "C"] { #expect(curves.all("label").contains { $0.text == letter }) }
    let nodes = try picture(.nodes, data)
    #expect(Set(nodes.all("sample").map { $0.attributes["fill"] }).count == NodeState.allCases.count)
    let patterns = nodes.elements.filter { $0.name == "pattern" }.compactMap { $0.attributes["id"] }
    #expect(Set(patterns) == Set(NodeState.allCases.map { "nodes-\($0.rawValue)" }))
    for state in NodeState.allCases { #expect(nodes.texts.contains(state.rawValue)) }
  }

  @Test func whatMattersIsWritten() throws {
    let data = Samples.sweep
    #expect(try picture(.costAgainstTime, data).texts.contains("deadline 4 min"))
    #expect(
      try picture(.simulatedAgainstMeasured, data).texts.contains { $0.hasPrefix("The worst of 4: +7.5%") })
    #expect(try picture(.month, data).texts.contains("scaled to zero is cheaper from 14.3 min on"))
    #expect(try picture(.month, data).all("crossing").count == 1)
    #expect(try picture(.nodes, data).texts.contains { $0.hasPrefix("job done, ") })
    #expect(try picture(.sizesByNodes, data).all("least").count == 2)
    let labels = try picture(.speedup, data).texts
    for label in ["A: this machine", "B: Standard_D2s_v5, dedicated", "C: Standard_F16s_v2, low priority"] {
      #expect(labels.contains(label))
    }
  }

  /// The front, computed apart: those that no other one beats.
  @Test func theFrontHasThoseThatNoneBeats() throws {
    let data = Samples.sweep
    let picture = try picture(.costAgainstTime, data)
    let priced = data.rows.filter { $0.costUSD != nil }
    let front = priced.filter { row in
      !priced.contains { $0.makespanSeconds < row.makespanSeconds && $0.costUSD! < row.costUSD! }
    }
    #expect(try #require(picture.all("front").first).points.count == front.count)
  }

  @Test func namesOfSizesAreEscaped() throws {
    var data = Samples.sweep
    for index in data.rows.indices where data.rows[index].cell.vmSize != nil {
      data.rows[index].cell.vmSize = "a<b&c>\"\(data.rows[index].cell.vmSize == "Standard_D2s_v5" ? 1 : 2)\""
    }
    for index in data.comparisons.indices { data.comparisons[index].label = "x<\(index)&]]>" }
    for index in data.monthCurves.indices { data.monthCurves[index].label = "</text>&\(index)" }
    for chart in ClusterChart.allCases { _ = try picture(chart, data) }
    #expect(try picture(.speedup, data).texts.contains("B: a<b&c>\"1\", dedicated"))
  }

  @Test func picturesAreWrittenAndOldOnesRemoved() async throws {
    try await withTemporaryFolder { folder in
      #expect(try ClusterChart.write(Samples.sweep, to: folder) == ClusterChart.allCases)
      var data = Samples.sweep
      data.monthCurves = []
      #expect(try ClusterChart.write(data, to: folder) == ClusterChart.allCases.filter { $0 != .month })
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(Set(names) == Set(ClusterChart.allCases.filter { $0 != .month }.map(\.fileName)))
      let text = try String(contentsOfFile: "\(folder)/speedup.svg", encoding: .utf8)
      #expect(text == ClusterChart.speedup.svg(data))
    }
  }
}
