import Charts
import Foundation
import LoadCharts
import Testing
import Verdict

/// The picture of a climb.
@Suite struct CapacityChartTests {
  private func stage(_ number: Int, offered: Double, isCarried: Bool) -> LoadFigures {
    var figures = LoadFigures(stage: number, name: "step")
    figures.seconds = 5
    figures.offered = offered
    figures.achieved = isCarried ? offered : 2000
    (figures.p50, figures.p99, figures.p999) = isCarried ? (20, 60, 90) : (900, 1500, 1600)
    figures.ingestionCores = isCarried ? 0.6 : 0.97
    figures.latencyMs = 250
    return figures
  }

  private var finding: CapacityFinding {
    CapacityFinding([
      stage(1, offered: 1000, isCarried: true), stage(2, offered: 1600, isCarried: true),
      stage(3, offered: 2560, isCarried: false), stage(4, offered: 4096, isCarried: false),
    ])
  }

  @Test func theKneeStandsWhereItWasOffered() throws {
    let svg = try #require(CapacityChart.svg(finding))
    let picture = try Picture(svg)
    let markers = picture.elements.filter { $0.name == "line" && $0.has("marker") }
    #expect(markers.count == 2)
    let achieved = try #require(picture.elements.first { $0.name == "polyline" && $0.has("achieved") })
    #expect(achieved.points.count == 4)
    for marker in markers { #expect(abs(marker.number("x1") - achieved.points[1].x) < 0.02) }
    for role in ["p50", "p99", "p999"] {
      #expect(picture.elements.first { $0.name == "polyline" && $0.has(role) }?.points.count == 4, "\(role)")
    }
    #expect(svg.contains("knee: 1,600 messages/s") && svg.contains("ingestion, which has one thread"))
    // One step less that is carried, and the knee is elsewhere.
    let damaged = CapacityFinding([
      stage(1, offered: 1000, isCarried: true), stage(2, offered: 1600, isCarried: false),
      stage(3, offered: 2560, isCarried: false),
    ])
    #expect(CapacityChart.svg(damaged)?.contains("knee: 1,000 messages/s") == true)
  }

  @Test func equalFindingsGiveEqualBytes() {
    #expect(CapacityChart.svg(finding) == CapacityChart.svg(finding))
    #expect(CapacityChart.svg(CapacityFinding([])) == nil)
  }

  @Test func aClimbWithoutAKneeSaysSo() throws {
    let svg = try #require(CapacityChart.svg(CapacityFinding([stage(1, offered: 1000, isCarried: true)])))
    #expect(svg.contains("No knee") && !svg.contains("class=\"marker"))
  }
}
