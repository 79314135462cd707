import Charts
import Foundation
import LoadCharts
import Testing
import Verdict

/// The picture of loads on the scoring service.
@Suite struct ServingChartTests {
  /// A load that took `milliseconds` in the middle.
  private func trial(
    replicas: Int = 1, rows: Int, _ milliseconds: Double, rowsPerSecond: Double = 1000, rejected: Int = 0
  ) throws -> ServingAccount.Trial {
    let times =
      "{\"p50\":\(milliseconds),\"p90\":\(milliseconds * 2),\"p99\":\(milliseconds * 3),\"p99.9\":null,\"max\":\(milliseconds * 4)}"
    let json = """
      {"minReplicas":\(replicas),"maxReplicas":\(replicas),"mostReplicas":\(replicas),"rowsPerRequest":\(rows),"report":{
      "achievedPerSecond":10,"answered":100,"arrivals":"poisson","complete":true,"connections":4,"errors":0,
      "errorsByKind":{"connection":0,"status":0,"timeout":0,"unreadable":0,"wrongId":0},"generatorCpuSeconds":0.1,
      "generatorLagMs":\(times),"latencyMs":\(times),"serviceTimeMs":\(times),"sendLagMs":\(times),
      "offeredPerSecond":10,"planKept":true,"protocol":"oip","rejected":\(rejected),"reopened":0,"requests":100,"resent":0,
      "rows":\(100 * rows),"rowsPerRequest":\(rows),"rowsPerSecond":\(rowsPerSecond),"seconds":10,"seed":1,"stages":[],
      "statuses":{},"unfinished":0,"url":"http://x","waited":0,
      "waitedBecause":null,"missed":null,"cpuUsPerRequest":null}}
      """
    return try JSONDecoder().decode(ServingAccount.Trial.self, from: Data(json.utf8))
  }

  /// A request takes 1 ms and each row 0.01 ms: the knee is at 900 rows.
  private func climb(_ sizes: [Int] = [1, 10, 100, 1000, 2000], replicas: Int = 1) throws -> [ServingAccount
    .Trial]
  {
    try sizes.map { try trial(replicas: replicas, rows: $0, 1 + 0.01 * Double($0)) }
  }

  @Test func theKneeStandsWhereItWasTried() throws {
    let svg = try #require(ServingChart.svg(try climb()))
    let picture = try Picture(svg)
    try picture.expectNothingCut("serving")
    #expect(picture.texts.contains("knee: 1,000 rows"))
    #expect(picture.texts.contains { $0.hasPrefix("The knee is at 1,000 rows a request") })
    let median = try #require(picture.all("p50").first)
    for marker in picture.all("marker") { #expect(abs(marker.number("x1") - median.points[3].x) < 0.02) }
    #expect(picture.all("marker").count == 2 && picture.all("p99").count == 1 && median.points.count == 5)
    // Had nobody tried a thousand rows, the knee would be at the next number.
    let damaged = try #require(ServingChart.svg(try climb([1, 10, 100, 2000])))
    #expect(damaged.contains("knee: 2,000 rows") && !damaged.contains("knee: 1,000 rows"))
  }

  @Test func withoutAKneeNoneIsDrawn() throws {
    let svg = try #require(ServingChart.svg(try climb([1, 2, 4])))
    #expect(!svg.contains("class=\"marker") && svg.contains("No knee up to 4 rows a request"))
  }

  @Test func replicasAreTheAxisWhereRowsAreTheSame() throws {
    let trials = [try trial(rows: 1, 2000, rejected: 30), try trial(replicas: 2, rows: 1, 40)]
    let picture = try Picture(try #require(ServingChart.svg(trials)))
    try picture.expectNothingCut("replicas")
    #expect(picture.texts.contains("replicas"))
    #expect(picture.texts.contains("99% within 6 s with 1 replica, 120 ms with 2 replicas"))
    // Crosses, at both percentiles and at the rate.
    #expect(picture.all("mark").filter { $0.name == "path" }.count == 3)
    #expect(picture.texts.contains("requests were turned away or failed"))
    let sound = [try trial(rows: 1, 2000), try trial(replicas: 2, rows: 1, 40)]
    #expect(ServingChart.svg(sound)?.contains("turned away or failed") == false)
  }

  @Test func manyAreBoundedAndSaid() throws {
    let trials = try (1...9).flatMap { try climb(replicas: $0) }
    let svg = try #require(ServingChart.svg(trials))
    let picture = try Picture(svg)
    try picture.expectNothingCut("many")
    #expect(picture.all("p50").count == 6)
    #expect(picture.texts.contains("6 of 9 numbers of replicas are shown."))
    #expect(svg == ServingChart.svg(trials))
    #expect(ServingChart.svg([try trial(rows: 1, 5)]) == nil && ServingChart.svg([]) == nil)
  }
}
