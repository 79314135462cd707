import BatchScoring
import ClusterModel
import Compute
import Files
import Foundation
import Scenario
import Supervision
import Telemetry
import Verdict

/// Throughput and cost on other cluster sizes, from the windows of a finished run: measured here, paced, and simulated beyond.
///
/// In a round every size has one job, and they run in turns (``JobTurns``), so that what disturbs this machine disturbs every size
/// alike. A reference job takes part, which the others are relative to, and reference jobs side by side, which show how much
/// workers disturb each other here.
package struct ClusterSweep: Sendable {
  package let folder: RunFolder
  package let settings: SweepSettings
  package let seed: UInt64
  private let trial: SizeTrial
  private let turns: JobTurns
  private let scratch: SweepScratch
  private let stop: StopFlag
  private let observe: @Sendable (String) -> Void
  private let prices: PriceTable
  private let damage: Double

  /// Throws where the run cannot be read, or has nothing to score.
  ///
  /// - Parameters:
  ///   - document: Of the run, whose job is run on every size.
  ///   - damage: What the fitted task times are multiplied with: 1 but for a test of the gate.
  ///   - observe: Told how far the sweep is, in a line.
  package init(
    _ folder: RunFolder, _ document: ScenarioDocument, settings: SweepSettings, executable: String,
    until stop: StopFlag, damage: Double = 1, observe: @escaping @Sendable (String) -> Void
  ) async throws {
    guard let schedule = document.scheduleConfiguration else {
      throw SweepError("the scenario scores nothing, so there is no job to run on other cluster sizes")
    }
    self.folder = folder
    self.settings = settings
    self.stop = stop
    self.observe = observe
    self.damage = damage
    seed = document.seed
    prices = try settings.priceTable()
    trial = try await SizeTrial(folder, schedule.deployment, after: schedule.from, executable: executable)
    scratch = SweepScratch(folder)
    turns = JobTurns(
      settings: SizeTrialProcess(
        run: folder.path, deployment: schedule.deployment, after: schedule.from,
        cell: ClusterCell(mode: .measured, nodes: 1), scratch: ""),
      executable: executable, scratch: scratch.path, stop: stop)
  }

  /// What the sweep has come to, as its files in the folder at `path` say it.
  package func run(writingTo path: String) async throws -> (table: ClusterTable, account: SweepAccount) {
    var account = SweepAccount(settings)
    if settings.measured != nil || settings.paced != nil { try scratch.make() }
    defer { scratch.remove() }
    let model = SweepModel(settings, prices: prices, seed: seed)
    var entries: [ClusterTable.Entry] = []
    var models = settings.taskCost.map { [$0] } ?? []
    if let cost = settings.taskCost { account.note(cost) }
    if let measured = settings.measured {
      let cells = try settings.cells(measured.matrix, .measured, prices)
      try SweepSettings.check(cells, cores: ProcessInfo.processInfo.activeProcessorCount)
      let sweep = try await measure(cells, measured, model)
      account.note(sweep.calibration, otherProcessors: sweep.otherProcessors)
      if let difference = sweep.difference { account.failure = difference }
      entries += try cells.map { try model.priced(row($0, sweep.rounds)) }
      // A stated cost is what is planned with; the measured one stands beside it.
      if models.isEmpty { models = sweep.calibration.models }
    }
    if let matrix = settings.paced {
      for (number, cell) in try settings.cells(matrix, .paced, prices).enumerated() {
        observe("cluster sizes: paced, \(cell.nodes) nodes (\(number + 1))")
        entries.append(try model.priced(try await pace(cell, models[0])))
      }
    }
    if let matrix = settings.simulated {
      let cells = try settings.cells(matrix, .simulated, prices)
      let simulated = try model.rows(
        cells, models: models, plan: { trial.tasks(for: $0) },
        progress: { observe("cluster sizes: simulated, \($0 + 1) of \(cells.count)") })
      entries += simulated.rows
      account.undone = simulated.undone
    }
    account.billing = entries.lazy.compactMap(\.billing).first
    let files = SweepFiles(path)
    try files.write(ClusterTable(SweepModel.withSpeedups(entries)), account)
    return (try files.table(), account)
  }

  // MARK: - Measured

  private struct Measured {
    var rounds: [MeasuredRound]
    var calibration: Calibration
    var otherProcessors: Double
    /// Which size gave other predictions; nil where none did.
    var difference: String?
  }

  private func measure(_ cells: [ClusterCell], _ measured: SweepSettings.Measured, _ model: SweepModel)
    async throws -> Measured
  {
    let watch = ProcessorWatch()
    var rounds: [MeasuredRound] = []
    var digests: [String: ClusterCell] = [:]
    let most = min(
      SweepSettings.mostRounds,
      max(Calibration.fewestRounds, measured.repeats * (1 + SweepSettings.furtherRounds)))
    while true {
      let more = rounds.isEmpty ? measured.repeats : max(1, measured.repeats / 3)
      for _ in 0..<min(more, most - rounds.count) {
        observe(
          "cluster sizes: measured, round \(rounds.count + 1)"
            + (rounds.count < measured.repeats
              ? " of \(measured.repeats)" : ", the figures are too uncertain"))
        rounds.append(try await round(rounds.count, cells, &digests))
      }
      let calibration = Calibration(rounds, isHeldOut: settings.isHeldOut, seed: seed, damage: damage) {
        cell in
        CellSimulation(cell: cell, cluster: model.cluster(cell), tasks: trial.tasks(for: cell))
      }
      guard !calibration.isUncertain || rounds.count >= most else { continue }
      let others = digests.count > 1 ? digests.values.sorted { $0.order < $1.order } : []
      return Measured(
        rounds: rounds, calibration: calibration,
        // What else this machine is at does not disturb nodes that are others.
        otherProcessors: measured.target == "local" ? watch.otherProcessors : 0,
        difference: others.isEmpty
          ? nil
          : "predictions differ between cluster sizes: \(others.map { "\($0.nodes) nodes, mini_batch_size \($0.miniBatchSize)" }.joined(separator: "; "))"
      )
    }
  }

  /// Every cell once, and the reference job. All cells are of one target.
  private func round(_ number: Int, _ cells: [ClusterCell], _ digests: inout [String: ClusterCell])
    async throws -> MeasuredRound
  {
    let reference = settings.reference(for: cells, miniBatchSize: trial.deployment.miniBatchSize.text)
    let others = cells.filter { $0 != reference }
    return reference.target == "local"
      ? try await roundInTurns(reference, others, &digests)
      : try await roundOneByOne(reference, number % 2 == 0 ? others : others.reversed(), &digests)
  }

  /// With the probes of contention, since workers share this machine.
  private func roundInTurns(
    _ reference: ClusterCell, _ others: [ClusterCell], _ digests: inout [String: ClusterCell]
  ) async throws -> MeasuredRound {
    let probes = Self.probes(upTo: others.map { $0.nodes * $0.coresPerNode }.max() ?? 1)
    let takers =
      [JobTurns.Taker(cell: reference)] + probes.map { .init(cell: reference, jobs: $0) }
      + others.map { .init(cell: $0) }
    let results = try await turns.run(takers)
    func jobs(_ index: Int) -> [MeasuredJob] {
      let cell = takers[index].cell
      return results[index].outcomes.map { outcome in
        digests[outcome.digest] = digests[outcome.digest] ?? cell
        return outcome.job.measured(as: cell, trial.tasks(for: cell), by: results[index].clock)
      }
    }
    var round = MeasuredRound(reference: jobs(0)[0], jobs: [])
    for (index, count) in probes.enumerated() {
      round.probes[count] = jobs(index + 1).reduce(0) { $0 + $1.busySeconds } / Double(count)
    }
    round.jobs = others.indices.flatMap { jobs(1 + probes.count + $0) }
    return round
  }

  /// On nodes that are other machines, which cannot be stopped from here.
  private func roundOneByOne(
    _ reference: ClusterCell, _ others: [ClusterCell], _ digests: inout [String: ClusterCell]
  ) async throws -> MeasuredRound {
    var jobs: [MeasuredJob] = []
    for cell in [reference] + others {
      if stop.isSet { throw RunError.interrupted }
      let outcome = try await trial.run(cell, scratch: "\(scratch.path)/remote")
      digests[outcome.digest] = digests[outcome.digest] ?? cell
      jobs.append(outcome.job.measured(as: cell, trial.tasks(for: cell)))
    }
    return MeasuredRound(reference: jobs[0], jobs: Array(jobs.dropFirst()))
  }

  /// How many workers are looked at side by side: two, four and so on, and the most that there are.
  private static func probes(upTo most: Int) -> [Int] {
    guard most > 1 else { return [] }
    return Array(sequence(first: 2) { $0 * 2 }.prefix { $0 < most }) + [most]
  }

  /// The medians of a cell, as they were measured.
  private func row(_ cell: ClusterCell, _ rounds: [MeasuredRound]) -> ClusterRow {
    let jobs = rounds.flatMap { $0.allJobs.filter { $0.cell == cell } }
    let spans = jobs.map(\.makespanSeconds)
    var random = SeededGenerator(seed: seed, stream: RandomStream.bootstrap)
    let medians = (0..<Calibration.replicates).map { _ in
      spans.map { _ in spans[random.index(below: spans.count)] }.median
    }
    let end = Duration.milliseconds(Int64(spans.median * 1000))
    return ClusterRow(
      cell: cell, repeats: jobs.count, makespanSeconds: spans.median,
      makespanLowSeconds: medians.quantile(0.025), makespanHighSeconds: medians.quantile(0.975),
      windows: trial.windows, nodeHours: jobs.map(\.nodeSeconds).median / 3600,
      lives: (1...cell.nodes).map {
        NodeLife(node: $0, stretches: [.init(state: .running, from: .zero)], end: end)
      })
  }

  // MARK: - Paced

  private func pace(_ cell: ClusterCell, _ times: TaskTimes) async throws -> ClusterRow {
    if stop.isSet { throw RunError.interrupted }
    let pace = PacedJob(trial.tasks(for: cell), times.withoutContention, seed: seed)
    let job = try await trial.run(cell, scratch: "\(scratch.path)/paced", pace: pace).job.measured(
      as: cell, trial.tasks(for: cell))
    let span = job.makespanSeconds
    return ClusterRow(
      cell: cell, repeats: 1, makespanSeconds: span, makespanLowSeconds: span, makespanHighSeconds: span,
      windows: trial.windows, nodeHours: job.nodeSeconds / 3600,
      lives: (1...cell.nodes).map {
        NodeLife(
          node: $0, stretches: [.init(state: .running, from: .zero)],
          end: .milliseconds(Int64(span * 1000)))
      })
  }
}
