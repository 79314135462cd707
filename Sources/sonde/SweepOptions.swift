import ArgumentParser
import ClusterModel
import Documents
import Foundation
import Telemetry
import Wording

/// Which cluster sizes, and on what terms: what the commands that simulate them share.
struct SweepOptions: ParsableArguments {
  @Option(help: "How many nodes; several with commas between them.")
  var nodes: String?
  @Option(help: "Sizes of nodes, such as Standard_D2s_v5,Standard_F16s_v2.")
  var vmSize: String?
  @Option(help: "dedicated, low_priority or spot; several with commas between them.")
  var tier: String?
  @Option(help: "Tasks a node does at a time. Default 1, or the cores of the vm-size.")
  var coresPerNode: String?
  @Option(help: "Nodes that stay between jobs. Default 0.")
  var minInstances: String?
  @Option(help: "Where sizes are priced, such as eastus.")
  var region: String?
  @Option(help: "A price table of your own.", completion: .file(extensions: ["csv"]))
  var prices: String?
  @Option(help: "What is billed: azure, azure-60s, aws or gcp. Default: the rules of the provider.")
  var billing: String?
  @Option(help: "How long nodes take to come up: a named profile such as azure, or a time such as 90s.")
  var startUp: String?
  @Option(help: "How long a node without work stays. Default 120s.")
  var idleTimeBeforeScaleDown: String?
  @Option(help: "How often the job comes, for the dollars of a month, such as 1h.")
  var every: String?
  @Option(help: "How long a job may take, for the answers.")
  var deadline: String?
  @Option(help: "What a task takes besides its rows, such as 2.3s.")
  var overhead: String?
  @Option(help: "What a row takes, such as 40us.")
  var perRow: String?
  @Option(help: "A folder for clusters.csv, cluster-nodes.csv and the pictures.", completion: .directory)
  var out: String?

  /// Changes `settings` to what was given. Throws ``SweepError``.
  func apply(to settings: inout SweepSettings, miniBatchSize: String? = nil) throws {
    var axes: [SweepAxis: [String]] = [:]
    let given: [(SweepAxis, String?)] = [
      (.nodes, nodes), (.vmSize, vmSize), (.tier, tier), (.coresPerNode, coresPerNode),
      (.minInstances, minInstances), (.miniBatchSize, miniBatchSize),
    ]
    for (axis, text) in given {
      if let text { axes[axis] = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    }
    if !axes.isEmpty {
      // What is not given stays as it was, but for what others hang on.
      var all = settings.simulated?.axes ?? [:]
      all.merge(axes) { $1 }
      settings.simulated = SweepMatrix(
        axes: all, exclude: settings.simulated?.exclude ?? [], include: settings.simulated?.include ?? [])
    }
    if let region { settings.region = region }
    if let prices { settings.prices = prices }
    if let billing { settings.billing = try BillingProfile.named(billing).name }
    if let startUp {
      guard let profile = StartUpProfile.named(startUp) ?? Duration(text: startUp).map({ .fixed($0.seconds) })
      else {
        throw SweepError(
          "--start-up: expected \(Schema.Kind.either(StartUpProfile.all.map(\.name))), or a time such as 90s, found "
            + startUp.quoted)
      }
      settings.startUp = profile
    }
    if let idle = try Self.duration(idleTimeBeforeScaleDown, "--idle-time-before-scale-down") {
      settings.idleTimeBeforeScaleDown = idle
    }
    if let every = try Self.duration(every, "--every") {
      guard every > .zero else { throw SweepError("--every: a job cannot come every 0s") }
      settings.schedule = JobSeries(interval: every, span: max(every, .seconds(30 * 86_400)))
    }
    if let deadline = try Self.duration(deadline, "--deadline") { settings.deadline = deadline }
    if overhead != nil || perRow != nil {
      settings.taskCost = TaskTimes(
        overhead: try Self.seconds(overhead, "--overhead") ?? 0,
        perRow: try Self.seconds(perRow, "--per-row") ?? 0)
    }
  }

  private static func duration(_ text: String?, _ option: String) throws -> Duration? {
    guard let text else { return nil }
    guard let duration = Duration(text: text) else {
      throw SweepError("\(option): expected a duration such as 90s, 15m or 1h, found \(text.quoted)")
    }
    return duration
  }

  private static func seconds(_ text: String?, _ option: String) throws -> Double? {
    guard let text else { return nil }
    guard let seconds = QuantityText.shortSeconds(text) else {
      throw SweepError("\(option): expected a duration such as 2.3s, 15ms or 40us, found \(text.quoted)")
    }
    return seconds
  }
}
