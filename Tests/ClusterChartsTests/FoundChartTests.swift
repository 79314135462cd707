import Charts
import Detection
import DetectionCharts
import Foundation
import Telemetry
import Testing

/// Devices over time: each window lands in its class, and none is lost.
@Suite struct FoundChartTests {
  private typealias Samples = DetectionSamples

  /// The stretches of a class of the device that is drawn as number `row`, in pixels. Those of the legend have no tooltip.
  private func stretches(_ outcome: WindowClass, _ picture: Picture, device: String) -> [(
    from: Double, to: Double
  )] {
    picture.all(outcome.rawValue).filter { $0.tooltip?.hasPrefix("\(device):") ?? false }.flatMap { path in
      stride(from: 0, to: path.points.count - 1, by: 2).map { (path.points[$0].x, path.points[$0 + 1].x) }
    }
  }

  /// Where a minute of the samples lies.
  private func pixel(_ minute: Double, of minutes: Double = 720) -> Double { 140 + 560 * minute / minutes }

  private func covers(
    _ outcome: WindowClass, _ minute: Double, _ picture: Picture, device: String = "pump-0001",
    of minutes: Double = 720
  ) -> Bool {
    let place = pixel(minute, of: minutes)
    return stretches(outcome, picture, device: device).contains { $0.from <= place && place <= $0.to }
  }

  @Test func aWindowOfEachClassLandsInItsClass() throws {
    let all: [Int: WindowClass] = [100: .missed, 200: .found, 300: .ignored, 400: .falseAlarm]
    let svg = try #require(FoundChart([Samples.row("pump-0001", all)], of: 1, over: Samples.range).svg())
    let picture = try Picture(svg)
    for (first, outcome) in all {
      for other in WindowClass.allCases {
        #expect(covers(other, Double(first) + 2.5, picture) == (other == outcome), "\(other) at \(first)")
      }
    }
    #expect(covers(.quiet, 50, picture) && !covers(.quiet, 202.5, picture))
    // One window in another class, and the picture says so.
    for outcome in WindowClass.allCases where outcome != .missed {
      var damaged = all
      damaged[100] = outcome
      let other = try #require(
        FoundChart([Samples.row("pump-0001", damaged)], of: 1, over: Samples.range).svg())
      let changed = try Picture(other)
      #expect(!covers(.missed, 102.5, changed) && covers(outcome, 102.5, changed))
    }
  }

  @Test func classesAreToldApartWithoutColour() throws {
    let svg = try #require(Samples.found.svg())
    let picture = try Picture(svg)
    var lanes: Set<String> = []
    var colors: Set<String> = []
    for outcome in WindowClass.allCases {
      let path = try #require(
        picture.all(outcome.rawValue).first { $0.tooltip?.hasPrefix("pump-0001") ?? false }, "\(outcome)")
      lanes.insert("\(path.points[0].y), \(path.number("stroke-width"))")
      colors.insert(path.attributes["stroke"] ?? "")
    }
    #expect(lanes.count == WindowClass.allCases.count && colors.count == WindowClass.allCases.count)
    for word in ["found", "missed", "false alarm", "ignored", "quiet", "labelled"] {
      #expect(picture.texts.contains { $0.contains(word) }, "\(word)")
    }
    let label = try #require(picture.all("label").first?.box)
    #expect(abs(label.left - pixel(100)) <= 3 && abs(label.right - pixel(117)) <= 3)
  }

  /// A month of windows of a minute: each pixel stands for two and a half hours.
  @Test func everySpikeStaysHoweverLongTheTime() throws {
    let minutes = 30 * 1440
    let range = Samples.span(0, minutes)
    var row = FoundChart.Row(device: "pump-0001", summary: "a month", over: range)
    let wrong: [Int: WindowClass] = [20_000: .missed, 20_003: .falseAlarm, 20_005: .ignored, 31_111: .missed]
    for first in 0..<minutes {
      row.add(wrong[first] ?? (first < 20_100 ? .found : .quiet), Samples.span(first, first + 1))
    }
    let svg = try #require(FoundChart([row], of: 1, over: range).svg())
    let picture = try Picture(svg)
    for (minute, outcome) in wrong {
      #expect(covers(outcome, Double(minute) + 0.5, picture, of: Double(minutes)), "\(outcome) at \(minute)")
    }
    #expect(covers(.found, 20_000.5, picture, of: Double(minutes)))
    #expect(stretches(.missed, picture, device: "pump-0001").count == 2)
    #expect(svg.utf8.count < 10_000)
  }

  @Test func theWorstAreShownAndTheRestIsCounted() throws {
    let rows = (0..<100).map { Samples.row("pump-\(1000 + $0)", [5: .missed]) }
    let svg = try #require(FoundChart(rows, of: 10_000, over: Samples.range).svg())
    let picture = try Picture(svg)
    #expect(picture.texts.contains("The worst 40 of 10,000 devices over time"))
    #expect(picture.texts.count { $0.hasPrefix("pump-") } == 40)
    #expect(picture.texts.contains("pump-1039") && !picture.texts.contains("pump-1040"))
    #expect(FoundChart([], of: 0, over: Samples.range).svg() == nil)
  }

  /// However a fleet behaves, the picture has a size.
  @Test func itsSizeIsBounded() throws {
    var generator = SeededGenerator(seed: 1, stream: "found-chart")
    let rows = (0..<40).map { number -> FoundChart.Row in
      var row = FoundChart.Row(device: "pump-\(number)", over: Samples.range)
      for minute in 0..<720 {
        row.add(WindowClass.allCases[generator.index(below: 5)], Samples.span(minute, minute + 1))
        if generator.index(below: 3) == 0 { row.addLabel(Samples.span(minute, minute + 1)) }
      }
      return row
    }
    let svg = try #require(FoundChart(rows, of: 40, over: Samples.range).svg())
    #expect(svg.utf8.count < 1_000_000)
    #expect(try Picture.faults(svg).isEmpty)
  }

  @Test func namesAreTextAndNothingElse() throws {
    let rows = Samples.hostile.map { Samples.row($0, [5: .missed]) }
    let plain = try #require(
      FoundChart(Samples.hostile.map { _ in Samples.row("p", [5: .missed]) }, of: 9, over: Samples.range)
        .svg())
    let svg = try #require(FoundChart(rows, of: 9, over: Samples.range).svg())
    let (some, other) = (try Picture(svg), try Picture(plain))
    func drawn(_ picture: Picture) -> [String] { picture.elements.map(\.name).filter { $0 != "title" } }
    #expect(drawn(some) == drawn(other))
    #expect(try Picture.faults(svg).isEmpty)
  }

  @Test func theAxisNamesRoundTimes() throws {
    func texts(_ from: String, _ to: String) -> [String] {
      let range = Timestamp(iso8601: from)!..<Timestamp(iso8601: to)!
      return TimeAxis(range, left: 0, right: 500).ticks(most: 6).map(\.text)
    }
    #expect(
      texts("2026-01-01T22:00:00Z", "2026-01-02T04:00:00Z")
        == ["22:00", "23:00", "01-02", "01:00", "02:00", "03:00", "04:00"])
    #expect(texts("2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z").first == "00:00:00")
    #expect(
      texts("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z")
        == ["01-01", "01-03", "01-05", "01-07", "01-09", "01-11"])
    #expect(texts("1926-01-01T00:00:00Z", "2026-01-01T00:00:00Z").count < 8)
    let axis = TimeAxis(Samples.range, left: 100, right: 820)
    #expect(axis.pixel(Samples.minute(90)) == 190 && axis.pixel(Samples.minute(-5)) == 100)
    #expect(TimeAxis(Samples.start..<Samples.start, left: 0, right: 1).ticks(most: 5).count <= 1)
  }
}
