import Charts
import LoadCharts
import Telemetry
import Testing

/// The pictures of what a run was at, second by second.
@Suite struct CourseChartTests {
  /// A thousand messages a second, of which a hundred wait from the third second on; windows as many as a tenth of them.
  private func course(seconds: Int, spikeAt: Int? = nil) -> RunCourse {
    var (published, stored) = (0.0, 0.0)
    let moments = (0...seconds).map { second -> RunCourse.Moment in
      var moment = RunCourse.Moment(
        seconds: Double(second), phase: second * 4 < seconds * 3 ? "publishing" : "scoring")
      if second > 0 {
        published += second == spikeAt ? 50_000 : 1000
        stored = published - (second > 2 ? 100 : 0)
      }
      (moment.published, moment.stored, moment.windows) = (published, stored, stored / 10)
      moment.backlog = published - stored
      let used = Double(second) * 0.3
      moment.usage = [
        .init(memoryBytes: 2e7, cpuSeconds: used),
        second < 2 ? nil : .init(memoryBytes: 5e7, cpuSeconds: second < 6 ? used : used - 1.7),
      ]
      return moment
    }
    return RunCourse(
      parts: ["broker", "<part & \"other\">"], moments: moments,
      faults: [.init(number: 1, what: "kill -9 of <b>ingestion</b>", began: 2.5, ended: 4)])
  }

  @Test func theLineHasTheRatesOfTheFile() throws {
    let course = course(seconds: 10)
    #expect(course.rates(\.published).map(\.perSecond) == Array(repeating: 1000, count: 10))
    #expect(course.rates(\.stored).map(\.perSecond)[2] == 900)
    let picture = try Picture(try #require(ThroughputChart.svg(course)))
    try picture.expectNothingCut("throughput")
    let line = try #require(picture.all("published").first)
    // Steps at one level, from edge to edge.
    #expect(Set(line.points.map(\.y)).count == 1 && line.points.count >= 11)
    #expect(picture.all("late").isEmpty && picture.all("predictions").isEmpty)
    #expect(picture.texts.contains("At most 1,000 messages a second were stored, and at most 100 waited"))
    #expect(picture.texts.contains("publishing") && picture.texts.contains("scoring"))
  }

  /// A last line that comes a moment after the one before is no rate of its own.
  @Test func aShortRestCountsWithTheTimeBefore() {
    var course = course(seconds: 4)
    var last = course.moments[4]
    last.seconds += 0.01
    last.published += 300
    course.moments.append(last)
    let rates = course.rates(\.published)
    #expect(rates.count == 4)
    #expect(abs(rates[3].perSecond - 1300 / 1.01) < 0.001 && rates[3].end == 4.01)
  }

  @Test func faultsAndRestartsAreMarked() throws {
    let course = course(seconds: 10)
    let picture = try Picture(try #require(ThroughputChart.svg(course)))
    #expect(picture.all("fault").count == 3, "one in each frame")
    #expect(picture.all("fault-number").map(\.text) == ["1"])
    #expect(picture.elements.contains { $0.tooltip == "fault 1: kill -9 of <b>ingestion</b>" })
    #expect(course.restarts(1) == [6] && course.restarts(0).isEmpty)
    let usage = try Picture(try #require(UsageChart.svg(course)))
    try usage.expectNothingCut("usage")
    #expect(usage.all("restart").count == 1)
    // Without the fall of its processor time nothing was started again.
    var damaged = course
    for index in damaged.moments.indices { damaged.moments[index].usage[1]?.cpuSeconds = Double(index) }
    #expect(try Picture(try #require(UsageChart.svg(damaged))).all("restart").isEmpty)
    // A part that came later has a gap before.
    #expect(course.cores(1).first?.begin == 1 && course.cores(0).first?.begin == 0)
  }

  /// A day, a line a second, with one spike.
  @Test func aDayIsBoundedAndKeepsItsSpike() throws {
    let course = course(seconds: 86_400, spikeAt: 40_000)
    let svg = try #require(ThroughputChart.svg(course))
    #expect(svg.utf8.count < 150_000)
    let picture = try Picture(svg)
    let line = try #require(picture.all("published").first)
    #expect(line.points.count <= 3000)
    let heights = line.points.map(\.y)
    #expect(heights.min()! < heights.max()! - 80, "the spike is there")
    #expect(ThroughputChart.svg(course) == svg)
  }

  @Test func manyFaultsAreBoundedAndSaid() throws {
    var course = course(seconds: 100)
    course.faults = (1...500).map {
      .init(number: $0, what: "x", began: Double($0) / 5, ended: Double($0) / 5)
    }
    let picture = try Picture(try #require(ThroughputChart.svg(course)))
    try picture.expectNothingCut("many faults")
    #expect(picture.texts.contains("60 of 500 faults are shown."))
  }

  @Test func nothingIsDrawnOfNothing() {
    #expect(ThroughputChart.svg(RunCourse(parts: [], moments: [])) == nil)
    #expect(UsageChart.svg(RunCourse(parts: [], moments: [])) == nil)
    var one = course(seconds: 3)
    one.moments.removeLast(3)
    #expect(ThroughputChart.svg(one) == nil)
  }

  @Test(arguments: UInt64(1)...20) func columnsKeepTheHighestAndTheLowest(seed: UInt64) {
    var generator = SeededGenerator(seed: seed, stream: "columns-test")
    var x = 0.0
    let points = (0..<2000).map { _ -> Point in
      x += generator.uniform() * 0.5
      return Point(x, generator.uniform() * 100)
    }
    let kept = PixelColumns.thinned(points)
    for (column, all) in Dictionary(grouping: points, by: { $0.x.rounded(.down) }) {
      let left = kept.filter { $0.x.rounded(.down) == column }
      #expect(left.count <= 4)
      #expect(
        left.map(\.y).min() == all.map(\.y).min() && left.map(\.y).max() == all.map(\.y).max(), "seed \(seed)"
      )
    }
    #expect(kept.first == points.first && kept.last == points.last)
    #expect(kept.map(\.x) == kept.map(\.x).sorted())
  }
}
