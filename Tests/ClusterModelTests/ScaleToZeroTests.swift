import ClusterModel
import Compute
import Telemetry
import Testing

@Suite struct ScaleToZeroTests {
  private static func four(idle: Duration, billing: BillingProfile = .azure) -> ScaleToZero {
    ScaleToZero(
      lives: (1...4).map { ClusterSamples.life($0, provisioning: 285, running: 60) }, billing: billing,
      idleTime: idle)
  }

  private func month(_ schedule: ScaleToZero, every seconds: Int, warm: Int = 0) throws -> String? {
    try schedule.costPerMonth(every: .seconds(seconds), warm: warm, price: Dollars(text: "0.096"))?
      .text(decimals: 2)
  }

  /// Four nodes at 0.096 $ an hour, 285 s to come up, 60 s of work, every hour: computed by hand as 4 · 0.096 · 730 · 465/3600, as
  /// the same with 2145 s, and as 4 · 0.096 · 730.
  @Test func aMonthIsComputedByHand() throws {
    #expect(try month(Self.four(idle: .seconds(120)), every: 3600) == "36.208")
    #expect(try month(Self.four(idle: .seconds(1800)), every: 3600) == "167.024")
    #expect(try month(Self.four(idle: .seconds(120)), every: 3600, warm: 4) == "280.32")
    // Two nodes stay, two go.
    #expect(try month(Self.four(idle: .seconds(120)), every: 3600, warm: 2) == "158.264")
    // More nodes are kept than there is work for.
    #expect(try month(Self.four(idle: .seconds(120)), every: 3600, warm: 5) == "350.40")
  }

  @Test func gapsShorterThanTheIdleTimeCostTheSame() throws {
    let schedule = Self.four(idle: .seconds(1800))
    // The node would go at 345 s + 1800 s.
    for seconds in [345, 600, 2144] {
      #expect(try month(schedule, every: seconds) == month(schedule, every: seconds, warm: 4))
    }
    // From there on it goes; here both cost the same still, and beyond it less.
    #expect(try month(schedule, every: 2145) == month(schedule, every: 2145, warm: 4))
    #expect(try month(schedule, every: 2150) != month(schedule, every: 2150, warm: 4))
  }

  @Test func breakEvenIsTheCostOfALife() {
    #expect(Self.four(idle: .seconds(120)).breakEvenInterval == .seconds(465))
    #expect(Self.four(idle: .seconds(1800)).breakEvenInterval == .seconds(2145))
    // max(B, P + T + I), where B is the larger.
    let short = ScaleToZero(
      lives: [ClusterSamples.life(1, provisioning: 20, running: 30)], billing: .azure, idleTime: .seconds(10))
    #expect(short.breakEvenInterval == .seconds(300))
    #expect(
      ScaleToZero(
        lives: [ClusterSamples.life(1, provisioning: 20, running: 30)], billing: .azure60,
        idleTime: .seconds(10)
      ).breakEvenInterval == .seconds(60))
    #expect(ScaleToZero(lives: [], billing: .azure, idleTime: .zero).breakEvenInterval == nil)
  }

  @Test func whatFollowsTheLastTaskIsReplacedByTheIdleTime() {
    let looked = ClusterSamples.life(1, provisioning: 285, running: 60, idle: 7)
    let schedule = ScaleToZero(lives: [looked], billing: .azure, idleTime: .seconds(120))
    #expect(schedule.billedMilliseconds(every: .seconds(3600)) == 465_000)
  }

  @Test func preemptedNodesArePaidEitherWay() {
    let lost = NodeLife(
      node: 2,
      stretches: [
        .init(state: .provisioning, from: .zero), .init(state: .running, from: .seconds(285)),
        .init(state: .preempted, from: .seconds(400)),
      ], end: .seconds(430))
    let lives = [ClusterSamples.life(1, provisioning: 285, running: 215), lost]
    let schedule = ScaleToZero(lives: lives, billing: .azure, idleTime: .seconds(100))
    #expect(schedule.nodeCount == 1)
    #expect(schedule.billedMilliseconds(every: .seconds(3600)) == 1_000_000)
    #expect(schedule.billedMilliseconds(every: .seconds(3600), warm: 1) == 4_000_000)
    #expect(schedule.breakEvenInterval == .seconds(600))
  }

  /// A node that went during the job and came again is one node, and going twice is paid twice.
  @Test func nodesThatComeAgainAreOne() {
    let lives = [
      ClusterSamples.life(1, provisioning: 200, running: 100, idle: 100),
      ClusterSamples.life(1, at: 1000, provisioning: 200, running: 100),
    ]
    let schedule = ScaleToZero(lives: lives, billing: .azure, idleTime: .seconds(100))
    #expect(schedule.nodeCount == 1)
    #expect(schedule.billedMilliseconds(every: .seconds(3600)) == 800_000)
    #expect(schedule.billedMilliseconds(every: .seconds(3600), warm: 1) == 3_600_000)
  }

  @Test func jobsThatOverlapHaveNoMonth() throws {
    let schedule = Self.four(idle: .seconds(120))
    #expect(
      schedule.obstacle(every: .seconds(59))
        == "A job takes 1m of work, which is longer than the 59s between two jobs.")
    #expect(schedule.obstacle(every: .zero) == "The interval between two jobs must be longer than nothing.")
    #expect(schedule.obstacle(every: .seconds(60)) == nil)
    #expect(try month(schedule, every: 59) == nil && month(schedule, every: 0) == nil)
  }

  /// Beyond the break-even interval going to zero is cheaper, and just at it it is not: looked for second by second.
  @Test(arguments: [UInt64](1...60)) func breakEvenIsWhereTheLinesCross(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let lives = (1...1 + generator.index(below: 6)).map { node in
      ClusterSamples.life(
        node, at: Double(generator.index(below: 200)), provisioning: Double(generator.index(below: 300)),
        running: Double(1 + generator.index(below: 600)))
    }
    let profile = BillingProfile.all[generator.index(below: BillingProfile.all.count)]
    let schedule = ScaleToZero(
      lives: lives, billing: profile, idleTime: .seconds(generator.index(below: 400)))
    let breakEven = try #require(schedule.breakEvenInterval)
    func saves(_ interval: Duration) -> Bool {
      schedule.billedMilliseconds(every: interval)
        < schedule.billedMilliseconds(every: interval, warm: schedule.nodeCount)
    }
    var last: Int64 = 0
    for seconds in Int64(1)...3000 where !saves(.seconds(seconds)) { last = seconds }
    // The node that is released first may pay at once when it goes, which then is the interval itself.
    #expect(
      breakEven >= .seconds(last) && breakEven <= .seconds(last + 1), "seed \(seed): \(breakEven), \(last)")
    #expect(saves(breakEven + .milliseconds(1)), "seed \(seed)")
    #expect(!saves(breakEven - .milliseconds(1)), "seed \(seed)")
  }
}
