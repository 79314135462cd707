import Foundation
import HTTPLoad
import Telemetry
import Testing

/// When requests are planned, as properties that hold for every seed.
@Suite struct ArrivalPlanTests {
  private typealias Stage = ArrivalPlan.Stage

  private static let seeds: [UInt64] = [0, 1, 2, 42, 1_000_003, .max]

  private func plan(
    _ stages: [ArrivalPlan.Stage], _ spacing: ArrivalPlan.Spacing = .poisson, seed: UInt64 = 1
  ) throws -> [ArrivalPlan.Arrival] {
    Array(try ArrivalPlan(stages, spacing: spacing, seed: seed).arrivals)
  }

  @Test(arguments: [(1.0, 10), (7.3, 11), (500, 30), (333.3, 3), (0.25, 60), (20_000, 2)])
  func evenArrivalsHaveEqualGaps(rate: Double, seconds: Int) throws {
    let arrivals = try plan([Stage(rate: rate, duration: .seconds(seconds))], .even)
    #expect(arrivals.count == Int((rate * Double(seconds)).rounded(.up)))
    #expect(arrivals.first?.offset == 0)
    for (number, arrival) in arrivals.enumerated() {
      #expect(arrival.number == number)
      #expect(abs(Double(arrival.offset) - Double(number) / rate * 1e9) <= 2)
    }
  }

  @Test(arguments: seeds) func randomArrivalsHaveTheRateOfTheirPlan(seed: UInt64) throws {
    let arrivals = try plan([Stage(rate: 1000, duration: .seconds(100))], seed: seed)
    // The count is Poisson distributed: five standard deviations about its mean.
    #expect(abs(Double(arrivals.count) - 100_000) < 5 * 100_000.0.squareRoot(), "seed \(seed)")
    #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.offset <= $1.offset }, "seed \(seed)")
    #expect(arrivals.allSatisfy { (0..<100_000_000_000).contains($0.offset) }, "seed \(seed)")
  }

  /// Kolmogorov and Smirnov's test: the greatest distance of the gaps' distribution from the exponential one.
  @Test(arguments: seeds) func gapsAreExponentiallyDistributed(seed: UInt64) throws {
    let arrivals = try plan([Stage(rate: 100, duration: .seconds(200))], seed: seed)
    let gaps = zip(arrivals, arrivals.dropFirst()).map { Double($1.offset - $0.offset) / 1e9 * 100 }.sorted()
    let count = Double(gaps.count)
    var distance = 0.0
    for (index, gap) in gaps.enumerated() {
      let expected = 1 - exp(-gap)
      distance = max(
        distance, abs(expected - Double(index) / count), abs(expected - Double(index + 1) / count))
    }
    // At a level of 0.001; the seeds are fixed, so that this holds or not.
    #expect(distance < 1.95 / count.squareRoot(), "seed \(seed): distance \(distance) of \(count) gaps")
  }

  /// Gaps that depend on each other would make seconds that are fuller, or more alike, than those of independent callers.
  @Test(arguments: seeds) func secondsVaryAsThoseOfIndependentCallers(seed: UInt64) throws {
    let arrivals = try plan([Stage(rate: 50, duration: .seconds(1000))], seed: seed)
    var counts = [Double](repeating: 0, count: 1000)
    for arrival in arrivals { counts[Int(arrival.offset / 1_000_000_000)] += 1 }
    let mean = counts.reduce(0, +) / 1000
    // The index of dispersion times n - 1 is chi-squared with 999 degrees of freedom: mean 999, variance 1998.
    let statistic = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / mean
    #expect(abs(statistic - 999) < 4 * 1998.0.squareRoot(), "seed \(seed): \(statistic)")
  }

  @Test func aSeedMeansTheSameTimesEverywhere() throws {
    let stages = [Stage(rate: 1000, duration: .seconds(1))]
    let arrivals = try plan(stages, seed: 42)
    #expect(try plan(stages, seed: 42) == arrivals)
    #expect(try plan(stages, seed: 43) != arrivals)
    // Computed by comparisons alone, so to the nanosecond on every machine.
    #expect(arrivals.prefix(4).map(\.offset) == [1_189_683, 1_313_395, 3_019_972, 6_260_969])
  }

  @Test(arguments: seeds) func stagesHaveTheirRates(seed: UInt64) throws {
    let stages = [
      Stage(rate: 100, duration: .seconds(50)), Stage(rate: 0, duration: .seconds(7)),
      Stage(rate: 400, duration: .seconds(50)), Stage(rate: 50, duration: .milliseconds(100_500)),
    ]
    let begins = [0, 50, 57, 107, 207.5]
    for spacing in ArrivalPlan.Spacing.allCases {
      let arrivals = try plan(stages, spacing, seed: seed)
      for (index, stage) in stages.enumerated() {
        let own = arrivals.filter { $0.stage == index }
        let expected = stage.rate * stage.duration.seconds
        let bound = spacing == .even ? 1 : 5 * expected.squareRoot()
        #expect(abs(Double(own.count) - expected) <= bound, "seed \(seed), \(spacing), stage \(index)")
        #expect(
          own.allSatisfy { (begins[index]..<begins[index + 1]).contains(Double($0.offset) / 1e9) },
          "seed \(seed), \(spacing), stage \(index)")
      }
      #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.offset <= $1.offset })
    }
  }

  @Test func stagesAreReadFromText() throws {
    #expect(
      try Stage.list("100:10s, 0:500ms,2.5:1m30s")
        == [
          Stage(rate: 100, duration: .seconds(10)), Stage(rate: 0, duration: .milliseconds(500)),
          Stage(rate: 2.5, duration: .seconds(90)),
        ])
    for text in ["", "100", "100:", ":10s", "100:10s,", "x:10s", "100:10", "nan:1s", "inf:1s", "1:2s:3"] {
      #expect(throws: HTTPLoadError.self, "\(text)") { try Stage.list(text) }
    }
  }

  @Test(arguments: [
    [], [ArrivalPlan.Stage(rate: 0, duration: .seconds(1))],
    [ArrivalPlan.Stage(rate: -1, duration: .seconds(1))],
    [ArrivalPlan.Stage(rate: 1, duration: .zero)],
    [ArrivalPlan.Stage(rate: 2_000_000, duration: .seconds(1))],
    [ArrivalPlan.Stage(rate: 1, duration: .seconds(86_401))],
    Array(repeating: ArrivalPlan.Stage(rate: 1, duration: .seconds(1)), count: 65),
  ])
  func whatIsNoPlanIsRefused(stages: [ArrivalPlan.Stage]) {
    #expect(throws: HTTPLoadError.self) { try ArrivalPlan(stages, spacing: .even, seed: 1) }
  }
}
