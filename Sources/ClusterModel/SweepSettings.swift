import Telemetry
import Wording

/// What a sweep of cluster sizes is told: which sizes, how they come about, and on what terms they are priced.
package struct SweepSettings: Hashable, Sendable {
  /// The sizes that are measured.
  package struct Measured: Hashable, Sendable {
    package var matrix: SweepMatrix
    /// Rounds; more are run where the figures are too uncertain, up to ``mostRounds``.
    package var repeats = SweepSettings.rounds
    /// Cells that have all of one of these are predicted before they are looked at.
    package var holdOut: [SweepMatrix.Combination] = []
    /// `local` or `slurm`.
    package var target = "local"

    package init(matrix: SweepMatrix) { self.matrix = matrix }
  }

  /// Rounds, where a scenario does not say.
  package static let rounds = 5
  /// The most rounds, and how many times the asked for ones are run where the figures stay uncertain.
  package static let mostRounds = 100
  package static let furtherRounds = 2
  /// The most workers that real processes are started for.
  package static let mostPacedWorkers = 256
  /// The most nodes of a simulated cluster.
  package static let mostNodes = 10_000

  package var measured: Measured?
  package var paced: SweepMatrix?
  package var simulated: SweepMatrix?
  /// A cost of one's own; nil for the measured one.
  package var taskCost: TaskTimes?
  package var schedule: JobSeries?
  package var region: String?
  /// A price table of one's own; nil for the one that comes with the program.
  package var prices: String?
  /// The name of a ``BillingProfile``; nil for that of the provider.
  package var billing: String?
  package var startUp = StartUpProfile.none
  /// Of tiers that are not dedicated.
  package var preemption = PreemptionProfile.all[0]
  package var stragglers: SimulatedCluster.Stragglers?
  package var dispatch = SimulatedCluster.Dispatch.pull
  package var idleTimeBeforeScaleDown = Duration.seconds(120)
  package var deadline: Duration?
  /// Devices a task where a combination does not say.
  package var miniBatchSize = "auto"

  package init() {}

  /// The price table that the settings name. Throws what reading it throws.
  package func priceTable() throws -> PriceTable {
    try prices.map { try PriceTable(path: $0) } ?? PriceTable.builtIn()
  }

  /// Whether `cell` is predicted before it is looked at.
  package func isHeldOut(_ cell: ClusterCell) -> Bool {
    (measured?.holdOut ?? []).contains { held in
      !held.isEmpty && held.allSatisfy { cell.value(of: $0.key) == $0.value }
    }
  }

  /// The cell of the reference job: one worker, on the target of `cells`, which are measured. It is one of them where it can be, so that it
  /// does not run twice, but none that is held out, since the model is fitted on it.
  ///
  /// - Parameter miniBatchSize: Where none of them will do.
  package func reference(for cells: [ClusterCell], miniBatchSize: String) -> ClusterCell {
    if let cell = cells.first(where: { $0.nodes * $0.coresPerNode == 1 && !isHeldOut($0) }) { return cell }
    var cell = ClusterCell(mode: .measured, nodes: 1)
    cell.target = cells.first?.target ?? cell.target
    cell.miniBatchSize = miniBatchSize
    var devices = 0
    while cells.contains(cell) {
      devices += 1
      cell.miniBatchSize = String(devices)
    }
    return cell
  }

  /// The cells of `matrix`, which has at most ``SweepMatrix/mostCells`` combinations. Throws ``SweepError`` where a combination is no
  /// size, `PriceLookupError` where `prices` does not know one.
  package func cells(_ matrix: SweepMatrix, _ mode: ClusterMode, _ prices: PriceTable) throws -> [ClusterCell]
  {
    guard matrix.size <= SweepMatrix.mostCells else {
      throw SweepError(
        "the matrix has \(matrix.size == .max ? "more sizes than can be counted" : "\(matrix.size) sizes"); at most "
          + "\(SweepMatrix.mostCells) are looked at")
    }
    var seen: Set<ClusterCell> = []
    return try matrix.combinations.map { try cell($0, mode, prices) }.filter { seen.insert($0).inserted }
  }

  private func cell(_ combination: SweepMatrix.Combination, _ mode: ClusterMode, _ prices: PriceTable) throws
    -> ClusterCell
  {
    var cell = ClusterCell(mode: mode, nodes: 1)
    cell.target = mode == .measured ? measured?.target ?? "local" : "local"
    cell.region = region
    cell.miniBatchSize = miniBatchSize
    for (axis, text) in combination.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      func number(atLeast least: Int) throws -> Int {
        guard let number = Int(text), number >= least, number <= Self.mostNodes else {
          throw SweepError(
            "\(axis.rawValue): expected a whole number from \(least) to \(Self.mostNodes), found \(text.quoted)"
          )
        }
        return number
      }
      switch axis {
      case .nodes: cell.nodes = try number(atLeast: 1)
      case .coresPerNode: cell.coresPerNode = try number(atLeast: 1)
      case .minInstances: cell.minNodes = try number(atLeast: 0)
      case .miniBatchSize:
        if text != "auto" { _ = try number(atLeast: 1) }
        cell.miniBatchSize = text
      case .vmSize: cell.vmSize = text
      case .tier:
        guard let tier = ClusterTier(rawValue: text) else {
          let names = ClusterTier.allCases.map(\.rawValue)
          throw SweepError("tier: expected \(names.joined(separator: ", ")), found \(text.quoted)")
        }
        cell.tier = tier
      case .region: cell.region = text
      }
    }
    if let vmSize = cell.vmSize {
      guard let region = cell.region else {
        throw SweepError("vm_size \(vmSize.quoted) has no price without a “region”")
      }
      let row = try prices.row(region: region, vmSize: vmSize)
      _ = try prices.price(region: region, vmSize: vmSize, tier: cell.tier)
      if combination[.coresPerNode] == nil { cell.coresPerNode = row.vcpu }
    } else {
      cell.region = nil
    }
    cell.minNodes = min(cell.minNodes, cell.nodes)
    try checkWorkers(cell)
    return cell
  }

  private func checkWorkers(_ cell: ClusterCell) throws {
    let workers = cell.nodes * cell.coresPerNode
    if cell.mode == .paced, workers > Self.mostPacedWorkers {
      throw SweepError(
        "paced: \(cell.nodes) nodes with \(cell.coresPerNode) cores are \(workers) processes; at most "
          + "\(Self.mostPacedWorkers) are started, so write “simulate” for this size")
    }
  }

  /// Throws ``SweepError`` where `cells`, which are measured on this machine, need more cores than it has.
  package static func check(_ cells: [ClusterCell], cores: Int) throws(SweepError) {
    guard
      let first = cells.first(where: {
        $0.mode == .measured && $0.target == "local" && $0.nodes * $0.coresPerNode > cores
      })
    else { return }
    throw SweepError(
      "measure: \(first.nodes) nodes with \(first.coresPerNode) cores each need \(first.nodes * first.coresPerNode) cores, and "
        + "this machine has \(cores); write “paced” or “simulate” for such a size")
  }
}

extension ClusterCell {
  /// As a matrix spells it.
  package func value(of axis: SweepAxis) -> String? {
    switch axis {
    case .nodes: String(nodes)
    case .coresPerNode: String(coresPerNode)
    case .minInstances: String(minNodes)
    case .miniBatchSize: miniBatchSize
    case .vmSize: vmSize
    case .tier: tier.rawValue
    case .region: region
    }
  }
}

/// A sweep that cannot be carried out: what is wrong, and what to write in its place.
package struct SweepError: Hashable, ExitingError {
  package let description: String
  package var exitStatus: ExitStatus { .usage }

  package init(_ description: String) { self.description = description }
}
