import Ingestion
import MQTT
import Telemetry
import Testing

/// Latencies stage by stage, held against the plain definitions.
@Suite struct StageLatenciesTests {
  @Test(arguments: [1, UInt64.random(in: 2 ..< .max)]) func percentilesAndRatesAreThoseOfTheDefinition(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed, stream: "latencies")
    var latencies = StageLatencies()
    #expect(latencies.isEmpty)
    var values: [Int: [Int64]] = [:]
    var planned: [Int: [Double]] = [:]
    var seconds: [Int: Double] = [:]
    var now: Int64 = 1_767_225_600_000_000
    for commit in 0..<60 {
      now += Int64(10_000 + random.index(below: 30_000))
      var times: [IntendedTime] = []
      for _ in 0..<(1 + random.index(below: 40)) {
        // Two stages meet in a commit; one message says no stage.
        let stage = commit / 20 + random.index(below: 2)
        let latency = Int64(random.index(below: 2_000_000))
        times.append(IntendedTime(microseconds: now - latency, stage: Int32(stage)))
        values[stage, default: []].append(latency)
        planned[stage, default: []].append(Double(now - latency - 1_767_225_600_000_000) / 1e6)
      }
      times.insert(IntendedTime(microseconds: now), at: 0)
      latencies.note(times, at: now, commitSeconds: 0.25)
      seconds[Int(times[times.count - 1].stage), default: 0] += 0.25
    }
    let found = latencies.statistics
    #expect(found.map(\.stage) == [0, 1, 2, 3])
    for statistics in found {
      let sorted = try #require(values[statistics.stage]).sorted()
      #expect(statistics.publications == sorted.count, "seed \(seed)")
      #expect(statistics.commitSeconds == seconds[statistics.stage] ?? 0)
      for (share, value) in [(0.5, statistics.p50), (0.99, statistics.p99), (1, statistics.max)] {
        let exact = Double(sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]) / 1000
        #expect(abs(value - exact) <= exact * 0.002 + 0.002, "seed \(seed): \(value) and \(exact)")
      }
      // The slope as a textbook has it.
      let (x, y) = (
        try #require(planned[statistics.stage]), (values[statistics.stage] ?? []).map { Double($0) / 1e6 }
      )
      let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
      let products = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
      let slope = products / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
      #expect(abs(try #require(statistics.growth) - slope) < 1e-9, "seed \(seed)")
    }
  }

  /// Twelve hundred a second against a thousand that are carried: a fifth of a second more each second. A stop of a tenth of a second
  /// in between is no growth.
  @Test func growthIsThatOfAQueueAndNotOfAStop() throws {
    func growth(_ latency: (Double) -> Double) throws -> Double {
      var latencies = StageLatencies()
      for index in 0..<6000 {
        let planned = Double(index) / 1200
        let microseconds = Int64(planned * 1e6)
        latencies.note(
          [IntendedTime(microseconds: microseconds, stage: 0)],
          at: microseconds + Int64(latency(planned) * 1e6), commitSeconds: 0)
      }
      return try #require(latencies.statistics[0].growth)
    }
    #expect(try abs(growth { 0.02 + 0.2 * $0 } - 0.2) < 1e-4)
    #expect(try abs(growth { $0 > 4.9 ? 0.02 + 5 - $0 : 0.02 }) < 0.002)
  }

  @Test func aStageIsToldOnceItHasChanged() {
    var latencies = StageLatencies()
    #expect(latencies.news(at: 0) == nil)
    latencies.note([IntendedTime(microseconds: 0, stage: 2)], at: 1_000_000, commitSeconds: 0)
    #expect(latencies.news(at: 1_000_000)?.stage == 2)
    #expect(latencies.news(at: 2_000_000) == nil)
    latencies.note([IntendedTime(microseconds: 0, stage: 2)], at: 2_000_000, commitSeconds: 0)
    #expect(latencies.news(at: 1_050_000) == nil)
    #expect(latencies.news(at: 2_000_000)?.publications == 2)
    // Publications without a stage are none of it.
    latencies.note([IntendedTime(microseconds: 0)], at: 3_000_000, commitSeconds: 0)
    #expect(latencies.news(at: 3_000_000) == nil)
  }
}
