import Charts
import Detection
import DetectionCharts
import Foundation
import Telemetry
import Testing

/// The pictures of how good a detector is, why it was wrong, and when anomalies were known.
@Suite struct DetectionChartTests {
  private typealias Samples = DetectionSamples

  private static let golden =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden"

  private static var pictures: [(name: String, svg: String?)] {
    [
      ("found", Samples.found.svg()), ("quality", Samples.dots.svg(id: "quality")),
      ("why", Samples.why.svg()), ("when", Samples.delay.svg()),
    ]
  }

  /// Whole pictures. `SONDE_UPDATE_CHARTS=1` writes the files of `Golden` anew: look at what has changed.
  @Test func picturesAreTheFilesOfGolden() throws {
    for (name, svg) in Self.pictures {
      let svg = try #require(svg)
      let path = "\(Self.golden)/\(name).svg"
      if ProcessInfo.processInfo.environment["SONDE_UPDATE_CHARTS"] != nil {
        try svg.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == svg, "\(name).svg is another picture")
      #expect(try Picture.faults(svg).isEmpty, "\(name)")
      #expect(svg.contains("prefers-color-scheme:dark") && !svg.contains("style="))
    }
    #expect(Self.pictures.map(\.svg) == Self.pictures.map(\.svg))
  }

  // MARK: - How good

  @Test func marksStandAtTheirValues() throws {
    let picture = try Picture(try #require(Samples.dots.svg(id: "quality")))
    func place(_ tooltip: String) -> Double? {
      picture.all("mark").first { $0.tooltip == tooltip }?.box?.middle.x
    }
    let (low, high) = (170.0, 608.0)
    let recall = try #require(place("recall, detector: 94.4%"))
    #expect(abs(recall - (low + (high - low) * 0.944)) < 0.1)
    #expect(place("spike, detector: 25%") != nil && place("recall, random: 2%") != nil)
    // A figure that a detector has not is no mark.
    #expect(picture.all("mark").count == 7)
    var damaged = Samples.dots
    damaged.groups[1].rows[0].values[0] = 0.5
    #expect(damaged.svg(id: "quality") != Samples.dots.svg(id: "quality"))
  }

  @Test func whatCannotBeDrawnIsLeftOut() throws {
    let names = Samples.hostile
    let values: [Double?] = [.nan, .infinity, -1, 2, nil, 0.5, 0.1, 0.2, 0.3]
    let dots = FigureDots(
      title: names[0], summary: names[2], detectors: names,
      groups: names.map { name in .init(name, [.init(name, values, note: name), .init(name, [])]) },
      notes: names
    )
    let svg = try #require(dots.svg(id: "d"))
    #expect(try Picture.faults(svg).isEmpty)
    let picture = try Picture(svg)
    // Two of the six that have a shape are no numbers, and one is none.
    #expect(picture.all("mark").count == names.count * 3)
    #expect(
      FigureDots(title: "", summary: "", detectors: ["d"], groups: [.init("g", [])]).svg(id: "d") == nil)
  }

  // MARK: - Why

  @Test func aPanelShowsSignalLabelAndScoreAgainstThreshold() throws {
    let picture = try Picture(try #require(WhyChart([Samples.panel("pump-0001")], of: 1).svg()))
    let (left, right) = (68.0, 348.0)
    func across(_ minute: Double) -> Double { left + (right - left) * minute / 200 }
    let label = try #require(picture.all("label").first?.box)
    #expect(abs(label.left - across(98)) < 0.1 && abs(label.right - across(112)) < 0.1)
    let threshold = try #require(picture.all("threshold").first?.number("y1"))
    let missed = try #require(picture.all("missed").first?.box?.middle)
    let found = try #require(picture.all("found").first?.box?.middle)
    // What was missed stands above the threshold, and what was found below it.
    #expect(missed.y < threshold && threshold < found.y)
    #expect(abs(missed.x - across(102.5)) < 0.1 && abs(found.x - across(107.5)) < 0.1)
    let mean = try #require(picture.all("mean").first?.points)
    let highest = try #require(mean.min { $0.y < $1.y })
    #expect(highest.x >= across(99.9) && highest.x <= across(110.1))
    let band = try #require(picture.all("band").first?.box)
    #expect(band.top < highest.y)
    let mark = try #require(picture.all("case").first?.box)
    #expect(abs(mark.left - across(100)) < 0.1 && abs(mark.right - across(110)) < 0.1)
    // A gap in the windows is a gap in the lines.
    var torn = Samples.panel("pump-0001")
    torn.signal.removeSubrange(10..<15)
    torn.scores.removeSubrange(10..<15)
    let other = try Picture(try #require(WhyChart([torn], of: 1).svg()))
    #expect(other.all("mean").count == 2 && other.all("band").count == 2 && other.all("score").count == 2)
  }

  @Test func casesAreBoundedAndCounted() throws {
    let panels = (0..<9).map { Samples.panel("pump-\($0)") }
    let picture = try Picture(try #require(WhyChart(panels, of: 1234).svg()))
    #expect(picture.texts.contains("The worst 6 of 1,234 cases"))
    #expect(picture.all("threshold").count == 6 && !picture.texts.contains { $0.contains("pump-6") })
    #expect(WhyChart([], of: 0).svg() == nil)
  }

  @Test func panelsOfOddValuesStayWithinTheirPaper() throws {
    let odd: [Double] = [.nan, .infinity, -.infinity, 1e300, -1e300, 1e-300, 0, 1e12, -3]
    let panels = Samples.hostile.prefix(6).enumerated().map { number, name -> WhyChart.Panel in
      var panel = Samples.panel(name, name)
      panel.threshold = number == 0 ? nil : odd[number]
      panel.labels = [Samples.span(-100, 500)]
      panel.span = Samples.span(-100, 500)
      for index in panel.scores.indices { panel.scores[index].score = odd[(index + number) % odd.count] }
      for index in panel.signal.indices { panel.signal[index].max = odd[(index * 7 + number) % odd.count] }
      if number == 1 { panel.signal = [] }
      if number == 2 { panel.scores = [] }
      return panel
    }
    let svg = try #require(WhyChart(panels, of: 6).svg())
    #expect(try Picture.faults(svg) == [])
    #expect(svg.contains("its windows are not in the store"))
  }

  // MARK: - When

  @Test func theLineReachesTheShareThatWasFound() throws {
    let picture = try Picture(try #require(Samples.delay.svg()))
    let line = try #require(picture.all("until-window").first?.points)
    let axis = picture.labelsAtTheSide
    let zero = try #require(axis.first { $0.text == "0%" }?.y)
    let all = try #require(axis.first { $0.text == "100%" }?.y)
    // Seven of eight.
    #expect(abs(line[line.count - 1].y - (zero + (all - zero) * 7 / 8)) < 0.1)
    let marker = try #require(picture.all("marker").first?.number("x1"))
    // Half of the found ones are known where the report says so: four of seven at 90 seconds.
    let reached = line.filter { $0.x <= marker + 0.5 }.map(\.y).min() ?? 0
    #expect(abs(reached - (zero + (all - zero) * 4 / 8)) < 0.1)
    #expect(picture.texts.contains("1 never") && picture.texts.contains("p50 90 s"))
    #expect(picture.all("kind").map { $0.points.count / 2 } == [4, 3])
  }

  @Test func delaysAreBoundedAndOddOnesLeftOut() throws {
    let kinds = (0..<40).map { number in
      DelayChart.Kind(
        Samples.hostile[number % Samples.hostile.count],
        delays: (0..<1000).map { Double($0 * $0 % 7919) + 0.5 }, events: 1001)
    }
    let chart = DelayChart(
      kinds: kinds, untilJob: [.nan, .infinity, 0, 1e9],
      markers: Samples.hostile.prefix(3).map { .init($0, seconds: 100) } + [.init("far", seconds: 1e300)])
    let svg = try #require(chart.svg())
    #expect(try Picture.faults(svg) == [])
    #expect(svg.contains("29 other kinds"))
    #expect(svg.utf8.count < 300_000)
    #expect(
      DelayChart(kinds: [.init("mean", delays: [], events: 3)], untilJob: [], markers: []).svg() == nil)
  }
}
