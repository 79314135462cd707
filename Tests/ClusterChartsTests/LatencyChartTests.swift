import Charts
import LoadCharts
import Testing

/// Latencies by percentile.
@Suite struct LatencyChartTests {
  private let curve = LatencyChart.Curve(
    name: "a <commit> & \"more\"",
    points: [.init(50, 0.01), .init(90, 0.1), .init(99, 1), .init(99.9, 10)], max: 10)

  @Test func everyDecadeIsAsWide() throws {
    let picture = try Picture(
      try #require(LatencyChart.svg(id: "latency", title: "It took long", [curve], of: 1)))
    try picture.expectNothingCut("latency")
    let points = try #require(picture.all("curve").first).points
    #expect(points.count == 4)
    // From 90% to 99% as far as from 99% to 99.9%, and ten times as long as high.
    #expect(abs((points[2].x - points[1].x) - (points[3].x - points[2].x)) < 0.05)
    #expect(abs((points[1].y - points[2].y) - (points[2].y - points[3].y)) < 0.05)
    #expect(picture.all("longest").count == 1 && picture.all("mark").count == 4)
    for text in ["50%", "90%", "99%", "99.9%", "longest", "It took long"] {
      #expect(picture.texts.contains(text))
    }
  }

  @Test func aLongestThatIsNotKnownIsNotDrawn() throws {
    var damaged = curve
    damaged.max = nil
    let picture = try Picture(try #require(LatencyChart.svg(id: "latency", title: "x", [damaged], of: 1)))
    #expect(picture.all("longest").isEmpty && picture.all("to-longest").isEmpty)
  }

  @Test func whatIsNoTimeIsLeftOut() throws {
    let odd = LatencyChart.Curve(
      name: "odd",
      points: [
        .init(50, .nan), .init(90, 0), .init(99, 0.5), .init(100, 1), .init(-5, 1), .init(99.9, 1e300),
      ],
      max: .infinity)
    let svg = try #require(LatencyChart.svg(id: "latency", title: "x", [odd], of: 1))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(try Picture(svg).all("mark").count == 1)
    #expect(LatencyChart.svg(id: "latency", title: "x", [], of: 0) == nil)
  }

  @Test func manyAreBoundedAndSaid() throws {
    let many = (0..<40).map { LatencyChart.Curve(name: "trial \($0)", points: curve.points, max: nil) }
    let svg = try #require(LatencyChart.svg(id: "latency", title: "x", many, of: 40))
    let picture = try Picture(svg)
    try picture.expectNothingCut("many")
    #expect(picture.all("curve").count == 6)
    #expect(picture.texts.contains { $0.hasPrefix("6 of 40 are shown") })
    #expect(svg == LatencyChart.svg(id: "latency", title: "x", many, of: 40))
  }
}
