import ArgumentParser
import ClusterModel
import Foundation
import Harness
import Telemetry
import Verdict
import Wording

/// `sonde plan`: cluster sizes for a workload that is stated, without a run.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what a stated workload takes and costs on clusters of different sizes.",
    discussion: """
      Nothing is run: the job is simulated on each size, with the boards, autoscaler and retry rules of real compute targets.

        sonde plan --tasks 400 --overhead 2.3s --nodes 1,2,4,8,16 --vm-size Standard_D2s_v5 --region eastus \\
          --start-up azure --every 1h --deadline 15m
      """)

  @Option(help: "How many tasks the job has.")
  var tasks: Int
  @Option(help: "Rows of a task.")
  var rowsPerTask = 1
  @Option(help: "What start-ups and evictions are drawn from.")
  var seed: UInt64 = 1
  @OptionGroup var sizes: SweepOptions

  /// More fill the memory of a laptop with plans.
  static let mostTasks = 10_000_000

  func run() throws {
    guard (1...Self.mostTasks).contains(tasks) else {
      throw ValidationError("--tasks: expected a whole number from 1 to \(Self.mostTasks), found \(tasks)")
    }
    guard (0...1_000_000_000).contains(rowsPerTask) else {
      throw ValidationError(
        "--rows-per-task: expected a whole number from 0 to 1000000000, found \(rowsPerTask)")
    }
    var settings = SweepSettings()
    settings.simulated = SweepMatrix(axes: [.nodes: ["1", "2", "4", "8", "16"]])
    try sizes.apply(to: &settings)
    guard let cost = settings.taskCost else {
      throw ValidationError("say what a task costs, with --overhead 2.3s, --per-row 40us, or both")
    }
    guard let matrix = settings.simulated else { return }
    let prices = try settings.priceTable()
    let cells = try settings.cells(matrix, .simulated, prices)
    let model = SweepModel(
      settings, prices: prices, seed: seed, mostTasksOfMonths: SweepModel.fewTasksOfMonths)
    let work = Array(repeating: TaskWork(rows: rowsPerTask), count: tasks)
    // Draws of a large job differ little, and each takes a while.
    let draws = max(1, min(SweepModel.draws, 200_000 / (tasks * cells.count)))
    let models = Array(repeating: cost, count: max(2, draws))
    let progress = ProgressLine()
    let (entries, undone) = try model.rows(
      cells, models: models, plan: { _ in work },
      progress: { number in progress.show { _ in "simulated \(number) of \(cells.count) sizes" } })
    progress.clear()
    let table = ClusterTable(SweepModel.withSpeedups(entries))
    var account = SweepAccount(settings)
    account.note(cost)
    account.billing = entries.lazy.compactMap(\.billing).first
    account.undone = undone
    StandardOutput.write(SweepSummary.text(table, account))
    if settings.prices != nil { SweepSummary.warn(of: prices) }
    if let out = sizes.out { try SweepFiles(out).write(table, account) }
    if entries.isEmpty { throw ExitCode(ExitStatus.expectationFailed) }
  }
}
