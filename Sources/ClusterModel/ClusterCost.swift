import Compute
import Telemetry

/// What the nodes of a job cost, exactly: the billed time of each life in whole milliseconds, times the price, rounded once.
package struct ClusterCost: Hashable, Sendable {
  /// The months of all figures: a year's hours by twelve.
  package static let hoursPerMonth: Int64 = 730
  static let millisecondsPerHour: Int64 = 3_600_000

  /// Of all lives together.
  package let billedMilliseconds: Int64
  package let cost: Dollars

  /// - Parameter price: An hour of a node.
  package init(of lives: [NodeLife], billing: BillingProfile, price: Dollars) {
    billedMilliseconds = lives.reduce(0) { $0 + billing.billedMilliseconds(of: $1) }
    cost = price.times(billedMilliseconds, over: Self.millisecondsPerHour)
  }

  package var billedSeconds: Double { Double(billedMilliseconds) / 1000 }
  package var billedNodeHours: Double { Double(billedMilliseconds) / Double(Self.millisecondsPerHour) }
}

/// What a row of a sweep is priced with.
package struct ClusterPricing: Hashable, Sendable {
  package var billing: BillingProfile
  /// An hour of a node.
  package var price: Dollars
  /// When the price was read.
  package var asOf: PriceDate

  package init(billing: BillingProfile, price: Dollars, asOf: PriceDate = .undated) {
    self.billing = billing
    self.price = price
    self.asOf = asOf
  }

  /// That of a cell: the price of its size in its region on the terms of its tier, billed by `billing`, or by the rules of the
  /// provider. Nil where the cell names no size or no region, and where neither says how it is billed. Throws
  /// ``PriceLookupError``.
  package init?(
    of cell: ClusterCell, in table: PriceTable, billing: BillingProfile? = nil
  ) throws(PriceLookupError) {
    guard let region = cell.region, let vmSize = cell.vmSize else { return nil }
    let row = try table.row(region: region, vmSize: vmSize)
    let price = try table.price(region: region, vmSize: vmSize, tier: cell.tier)
    guard let billing = billing ?? BillingProfile.of(provider: row.provider) else { return nil }
    self.init(billing: billing, price: price, asOf: row.asOf(cell.tier))
  }
}

extension ClusterRow {
  /// The row with its costs: those of the job from ``lives``, and those of a month where a job begins every `interval` and a node
  /// without work stays for `idleTime`. The month stays nil without an interval, and where jobs would overlap.
  package func priced(
    _ pricing: ClusterPricing, every interval: Duration? = nil, idleTime: Duration = .zero
  ) -> ClusterRow {
    var row = self
    let cost = ClusterCost(of: lives, billing: pricing.billing, price: pricing.price)
    row.billedNodeHours = cost.billedNodeHours
    row.costUSD = cost.cost.value
    if let interval {
      let schedule = ScaleToZero(lives: lives, billing: pricing.billing, idleTime: idleTime)
      row.costUSDPerMonth =
        schedule.costPerMonth(every: interval, warm: cell.minNodes, price: pricing.price)?.value
    }
    return row
  }
}
