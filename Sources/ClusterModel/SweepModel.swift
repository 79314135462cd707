import Compute
import Telemetry

/// Turns cells into rows: the simulated part of a sweep, with its prices and its months. Pure.
package struct SweepModel: Sendable {
  package let settings: SweepSettings
  package let prices: PriceTable
  package let seed: UInt64
  /// How often a cell is drawn where no bootstrap gives the number.
  package static let draws = 20
  /// The most tasks that the months of one sweep are simulated with; beyond, a month is computed from one job.
  package static let mostTasksOfMonths = 20_000_000
  /// The same where somebody waits for an answer.
  package static let fewTasksOfMonths = 100_000
  private let mostTasksOfMonths: Int

  package init(
    _ settings: SweepSettings, prices: PriceTable, seed: UInt64,
    mostTasksOfMonths: Int = SweepModel.mostTasksOfMonths
  ) {
    self.mostTasksOfMonths = mostTasksOfMonths
    self.settings = settings
    self.prices = prices
    self.seed = seed
  }

  /// The cluster of `cell`. One that is measured or paced is up already, and has its size from the beginning to the end.
  package func cluster(_ cell: ClusterCell) -> SimulatedCluster {
    guard cell.mode == .simulated else {
      var cluster = SimulatedCluster(scale: .fixed(cell.nodes), coresPerNode: cell.coresPerNode)
      cluster.retry.timeout = .seconds(365 * 86_400)
      if cell.target == "slurm" { cluster.dispatch = .deal }
      return cluster
    }
    var cluster = SimulatedCluster(
      scale: AutoscaleSettings(
        minInstances: cell.minNodes, maxInstances: cell.nodes,
        idleTimeBeforeScaleDown: settings.idleTimeBeforeScaleDown), coresPerNode: cell.coresPerNode)
    cluster.retry.timeout = .seconds(365 * 86_400)
    cluster.dispatch = settings.dispatch
    cluster.startUp = settings.startUp
    cluster.stragglers = settings.stragglers
    if cell.tier != .dedicated { cluster.preemption = settings.preemption }
    return cluster
  }

  /// The rows of `cells`, each with the tasks that `plan` cuts for it. A cell whose job is never done has none. Cells with
  /// jobs that were not done to their end are named.
  ///
  /// - Parameter models: The fits of a bootstrap, or one stated cost, which is drawn ``draws`` times.
  package func rows(
    _ cells: [ClusterCell], models: [TaskTimes], plan: (ClusterCell) -> [TaskWork],
    progress: (Int) -> Void = { _ in }
  ) throws -> (rows: [ClusterTable.Entry], undone: [String]) {
    let drawn = (models.count == 1 ? Array(repeating: models[0], count: Self.draws) : models).map(
      \.withoutContention)
    var entries: [ClusterTable.Entry] = []
    var undone: [String] = []
    var tasksOfMonths = 0
    for (number, cell) in cells.enumerated() {
      progress(number)
      let simulation = CellSimulation(cell: cell, cluster: cluster(cell), tasks: plan(cell))
      let (found, completed) = simulation.row(drawn, seed: seed)
      if completed < drawn.count {
        undone.append(
          "\(cell.nodes) × \(cell.vmSize ?? "node"), \(cell.tier.rawValue): \(drawn.count - completed) of \(drawn.count) jobs"
        )
      }
      guard let row = found else { continue }
      let pricing = try pricing(cell)
      var entry = priced(row, pricing)
      if let schedule = settings.schedule, let pricing {
        tasksOfMonths += schedule.jobs * simulation.tasks.count
        if tasksOfMonths <= mostTasksOfMonths {
          entry.row.costUSDPerMonth = month(simulation, drawn[0], schedule, pricing)
        }
      }
      entries.append(entry)
    }
    return (entries, undone)
  }

  /// The dollars of a month of 730 hours, from the jobs of the schedule one after the other.
  private func month(
    _ simulation: CellSimulation, _ times: TaskTimes, _ schedule: JobSeries, _ pricing: ClusterPricing
  ) -> Double {
    var billed: Int64 = 0
    _ = schedule.run(simulation, times, seed: seed) { billed += pricing.billing.billedMilliseconds(of: $0) }
    let looked = schedule.interval * schedule.jobs
    return pricing.price.times(billed * ClusterCost.hoursPerMonth, over: looked.milliseconds).value
  }

  /// What `cell` is priced with; nil where its size has no price.
  private func pricing(_ cell: ClusterCell) throws -> ClusterPricing? {
    try ClusterPricing(
      of: cell, in: prices, billing: try settings.billing.flatMap { try BillingProfile.named($0) })
  }

  /// `row` with its costs, where its size has a price. Its month is that of one job again and again.
  package func priced(_ row: ClusterRow) throws -> ClusterTable.Entry { priced(row, try pricing(row.cell)) }

  private func priced(_ row: ClusterRow, _ pricing: ClusterPricing?) -> ClusterTable.Entry {
    guard let pricing else { return ClusterTable.Entry(row: row) }
    let priced = row.priced(
      pricing, every: settings.schedule?.interval, idleTime: settings.idleTimeBeforeScaleDown)
    return ClusterTable.Entry(row: priced, pricing: pricing)
  }

  /// Fills in how many times as fast each row is as the one that differs from it in its nodes alone, of which that has one.
  package static func withSpeedups(_ entries: [ClusterTable.Entry]) -> [ClusterTable.Entry] {
    func key(_ cell: ClusterCell) -> ClusterCell {
      var cell = cell
      cell.nodes = 1
      cell.minNodes = 0
      return cell
    }
    let ones = Dictionary(
      entries.filter { $0.row.cell.nodes == 1 }.map { (key($0.row.cell), $0.row.makespanSeconds) }
    ) { first, _ in first }
    return entries.map { entry in
      var entry = entry
      if let one = ones[key(entry.row.cell)], entry.row.makespanSeconds > 0 {
        entry.row.speedup = one / entry.row.makespanSeconds
      }
      return entry
    }
  }
}
