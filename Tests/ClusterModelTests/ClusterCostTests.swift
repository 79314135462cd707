import ClusterModel
import Compute
import Telemetry
import Testing

@Suite struct ClusterCostTests {
  private func billed(_ life: NodeLife, _ profile: BillingProfile = .azure) -> Int64 {
    profile.billedMilliseconds(of: life)
  }

  private func life(_ states: [(NodeState, Int64)], end: Int64) -> NodeLife {
    NodeLife(
      node: 1, stretches: states.map { .init(state: $0.0, from: .milliseconds($0.1)) },
      end: .milliseconds(end))
  }

  @Test func profilesAreFoundByNameAndHaveASource() throws {
    for profile in BillingProfile.all {
      #expect(try BillingProfile.named(profile.name) == profile)
      #expect(profile.source.count > 60 && profile.source.hasSuffix("."))
      #expect(profile.granularity == .seconds(1))
    }
    #expect(BillingProfile.all.map(\.name) == ["azure", "azure-60s", "aws", "gcp"])
    #expect(BillingProfile.all.map(\.minimum) == [.seconds(300), .seconds(60), .seconds(60), .seconds(60)])
    let error = try #require(throws: BillingProfileError.self) { try BillingProfile.named("azur") }
    #expect(
      error.description
        == "there is no billing profile “azur”; did you mean “azure”? the profiles are azure, azure-60s, aws, gcp"
    )
    #expect(error.exitStatus == .usage)
    for row in try PriceTable.builtIn().rows {
      #expect(BillingProfile.of(provider: row.provider) != nil, "\(row.provider)")
    }
  }

  /// A state an hour long, by itself.
  @Test func eachStateIsBilledOrNot() {
    let billedStates: [(BillingProfile, Set<NodeState>)] = [
      (.azure, [.provisioning, .idle, .running, .leaving, .unusable]),
      (.azure60, [.provisioning, .idle, .running, .leaving, .unusable]),
      (.aws, [.provisioning, .idle, .running, .unusable]),
      (.gcp, [.provisioning, .idle, .running, .leaving, .unusable]),
    ]
    for (profile, states) in billedStates {
      for state in NodeState.allCases {
        let billed = billed(life([(state, 1000)], end: 3_601_000), profile)
        #expect(billed == (states.contains(state) ? 3_600_000 : 0), "\(profile.name) \(state)")
      }
    }
  }

  @Test func secondsAreRoundedUpOnceALife() {
    let states: [(NodeState, Int64)] = [(.provisioning, 0), (.running, 200_400), (.idle, 300_700)]
    #expect(billed(life(states, end: 400_000)) == 400_000)
    #expect(billed(life(states, end: 400_001)) == 401_000)
    // What lies between two billed stretches does not count.
    let interrupted: [(NodeState, Int64)] = [(.running, 0), (.preempted, 400_100), (.running, 500_000)]
    #expect(billed(life(interrupted, end: 600_100)) == 501_000)
  }

  @Test func theMinimumIsOfEachLife() throws {
    let short = life([(.provisioning, 0), (.running, 40_000)], end: 41_000)
    #expect(billed(short) == 300_000)
    #expect(billed(short, .azure60) == 60_000)
    #expect(billed(life([(.running, 0)], end: 0)) == 300_000)
    #expect(billed(life([(.preempted, 0)], end: 10_000)) == 0)
    let price = try Dollars(text: "0.096")
    let cost = ClusterCost(of: [short, short, short], billing: .azure, price: price)
    #expect(cost.billedSeconds == 900 && cost.billedNodeHours == 0.25)
    #expect(cost.cost == (try Dollars(text: "0.024")))
  }

  @Test func rowsAreFilledIn() throws {
    let lives = (1...4).map { ClusterSamples.life($0, provisioning: 285, running: 60, idle: 120) }
    let pricing = ClusterPricing(billing: .azure, price: try Dollars(text: "0.096"))
    let row = ClusterSamples.row(nodes: 4, seconds: 345, lives: lives)
      .priced(pricing, every: .seconds(3600), idleTime: .seconds(120))
    #expect(row.billedNodeHours == 4 * 465 / 3600.0)
    #expect(row.costUSD == 0.0496)
    #expect(row.costUSDPerMonth == 36.208)
    var warm = ClusterSamples.row(nodes: 4, seconds: 345, lives: lives)
    warm.cell.minNodes = 4
    #expect(
      warm.priced(pricing, every: .seconds(3600), idleTime: .seconds(120)).costUSDPerMonth == 280.32)
    #expect(warm.priced(pricing).costUSDPerMonth == nil)
    #expect(warm.priced(pricing, every: .seconds(30)).costUSDPerMonth == nil)
  }

  @Test func pricesOfCells() throws {
    let table = try PriceTable.builtIn()
    var cell = ClusterCell(mode: .simulated, nodes: 2)
    #expect(try ClusterPricing(of: cell, in: table) == nil)
    cell.region = "eastus"
    cell.vmSize = "Standard_D2s_v5"
    cell.tier = .lowPriority
    let pricing = try #require(try ClusterPricing(of: cell, in: table))
    #expect(pricing.billing == .azure)
    #expect(pricing.price == (try Dollars(text: "0.0192")))
    #expect(pricing.asOf == .undated)
    #expect(try ClusterPricing(of: cell, in: table, billing: .azure60)?.billing == .azure60)
    cell.tier = .spot
    #expect(throws: PriceLookupError.self) { try ClusterPricing(of: cell, in: table) }
  }

  /// Cost never falls as a life goes on, is never below minimum × price, and does not depend on the order of the nodes.
  @Test(arguments: [UInt64](1...40)) func costIsMonotone(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let lives = ClusterSamples.lives(&generator)
    let price = Dollars(billionths: Int64(generator.index(below: 5_000_000_000)))
    for profile in BillingProfile.all {
      let whole = ClusterCost(of: lives, billing: profile, price: price)
      let started = lives.filter { life in life.stretches.contains { profile.states.contains($0.state) } }
      let least = price.times(
        Int64(started.count) * profile.minimum.milliseconds, over: 3_600_000)
      #expect(whole.cost >= least, "seed \(seed), \(profile.name)")
      #expect(
        ClusterCost(of: lives.shuffled(using: &generator), billing: profile, price: price) == whole,
        "seed \(seed), \(profile.name)")
      var longer = lives
      longer[generator.index(below: lives.count)].end += .microseconds(generator.index(below: 10_000_000))
      let grown = ClusterCost(of: longer, billing: profile, price: price)
      #expect(grown.cost >= whole.cost, "seed \(seed), \(profile.name)")
      #expect(grown.billedMilliseconds >= whole.billedMilliseconds, "seed \(seed), \(profile.name)")
      let fewer = ClusterCost(of: Array(lives.dropLast()), billing: profile, price: price)
      #expect(fewer.cost <= whole.cost, "seed \(seed), \(profile.name)")
    }
  }
}
