import HTTP
import Telemetry
import Testing

/// The token bucket, told the time.
@Suite struct RateLimitTests {
  private static let start = ContinuousClock.now

  /// Whenever requests come, no span of time lets more through than its share and one burst; and who waits as it was told is let in.
  @Test(arguments: [0.01, 0.5, 1, 3.7, 100, 5_000]) func noSpanLetsMoreThrough(perSecond: Double) {
    let seed: UInt64 = 18
    var random = SeededGenerator(seed: seed, stream: "rate \(perSecond)")
    var limit = RateLimit(perSecond: perSecond)
    var now = 0.0
    // What the limit holds to be the time.
    var clock = 0.0
    var taken: [Double] = []
    for step in 0..<2_000 {
      now += Double.random(in: 0...2, using: &random) / perSecond * (step % 50 == 0 ? 20 : 0.4)
      // A clock that goes back gives nothing.
      let told = step % 7 == 0 ? now - 1 / perSecond : now
      clock = max(clock, told)
      if let wait = limit.take(at: Self.start + .seconds(told)) {
        #expect(wait >= 1)
        if step % 11 == 0 {
          now += Double(wait)
          clock = max(clock, now)
          let next = limit.take(at: Self.start + .seconds(now))
          #expect(next == nil, "seed \(seed), \(perSecond) a second, step \(step)")
          taken.append(clock)
        }
      } else {
        taken.append(clock)
      }
    }
    #expect(taken.count > 100)
    var worst = 0.0
    for first in stride(from: 0, to: taken.count, by: 13) {
      for last in first..<taken.count {
        let most = limit.burst + (taken[last] - taken[first]) * perSecond
        worst = max(worst, Double(last - first + 1) - most)
      }
    }
    #expect(worst < 1e-3, "seed \(seed), \(perSecond) a second")
  }

  /// What a limit says at each of these seconds.
  private func waits(_ perSecond: Double, at seconds: [Double]) -> [Int?] {
    var limit = RateLimit(perSecond: perSecond)
    return seconds.map { limit.take(at: Self.start + .seconds($0)) }
  }

  @Test func itHoldsAtMostOneSecondsWorth() {
    let ten = waits(5, at: Array(repeating: 0, count: 10) + Array(repeating: 3_600, count: 10))
    #expect(
      ten == Array(repeating: nil, count: 5) + Array(repeating: 1, count: 5)
        + Array(repeating: nil, count: 5) + Array(repeating: 1, count: 5))
    #expect(waits(0.1, at: [0, 0, 9.5, 10]) == [nil, 10, 1, nil])
    #expect(waits(1e-9, at: [0, 0]) == [nil, 86_400])
  }
}
