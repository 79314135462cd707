import DeviceFleet
import Ingestion

/// One stage of a run's load: what was offered, what became of it, and what the parts used meanwhile.
package struct LoadFigures: Hashable, Sendable {
  /// From 1.
  package var stage: Int
  package var name: String
  package var level: Double?
  /// How long it lasted on the wall clock; nil without a schedule.
  package var seconds: Double?
  /// Messages that were meant to leave in it.
  package var messages: Int?
  /// The same a second; nil without a schedule.
  package var offered: Double?
  /// Messages that became durable, a second.
  package var achieved: Double?
  /// From the planned send until durable, in milliseconds.
  package var p50: Double?
  package var p99: Double?
  package var p999: Double?
  /// How late publications left.
  package var lag: FleetLedger.Lag?
  /// The share of its time that each publishing process waited for acknowledgements.
  package var waiting: Double?
  /// Messages that were due when it began and when it ended, and not durable.
  package var backlogAtBegin: Int?
  package var backlogAtEnd: Int?
  /// Processors in use: of all publishing processes, of the broker, of ingestion, of the whole machine.
  package var fleetCores: Double?
  package var brokerCores: Double?
  package var ingestionCores: Double?
  package var machineCores: Double?
  /// The share of the time that ingestion spent in transactions.
  package var committing: Double?
  /// Processors of the machine, and processes that publish.
  package var processors = 1
  package var processes = 1
  /// The bound of the 99th percentile of latency, in milliseconds.
  package var latencyMs = LoadDefaults.latencyMs

  package init(stage: Int, name: String) {
    self.stage = stage
    self.name = name
  }

  /// Processors that other programs used, and the host of a virtual machine.
  var othersCores: Double? {
    machineCores.map { max(0, $0 - (fleetCores ?? 0) - (brokerCores ?? 0) - (ingestionCores ?? 0)) }
  }

  /// By how many messages the backlog has grown.
  package var growth: Int? {
    guard let backlogAtBegin, let backlogAtEnd else { return nil }
    return backlogAtEnd - backlogAtBegin
  }

  /// Whether the stage's load was carried: 99% of it came through, with a 99th percentile of latency within the bound, and no more
  /// waits at the end than that bound explains. Nil where there is no schedule to hold it to.
  package var isCarried: Bool? {
    guard let offered, let seconds, offered > 0, seconds > 0 else { return nil }
    guard achieved != nil || p99 != nil else { return nil }
    let edge = LoadDefaults.edge / seconds
    let comesThrough = achieved.map { $0 >= LoadDefaults.leastAchieved * offered - edge } ?? true
    return comesThrough && isPrompt && !isGrowing
  }

  var isPrompt: Bool { p99.map { $0 <= latencyMs } ?? true }

  /// Whether more waits at the end than messages within the bound of latency can be.
  var isGrowing: Bool {
    guard let growth, let offered else { return false }
    return Double(growth) > offered * latencyMs / 1000 + LoadDefaults.edge
  }
}

extension LoadFigures {
  /// The stages of a run, as its parts have told of them. Empty for runs of versions that did not count so.
  package static func all(of account: RunAccount) -> [LoadFigures] {
    guard let load = account.load else { return [] }
    let count = load.climb.map { min($0.steps, load.stages.count) } ?? load.stages.count
    let hasSchedule = account.fleet?.scheduleLagMs != nil
    var due = 0
    return (0..<count).map { index in
      let seen = load.stages[index]
      var figures = LoadFigures(stage: index + 1, name: seen.name)
      figures.level = seen.level
      figures.seconds = seen.seconds
      figures.processors = load.processors
      figures.processes = max(1, account.fleet?.processes ?? 1)
      figures.latencyMs = load.climb?.latencyMs ?? LoadDefaults.latencyMs
      figures.fleetCores = seen.fleetCores
      figures.brokerCores = seen.brokerCores
      figures.ingestionCores = seen.ingestionCores
      figures.machineCores = seen.machineCores
      let isOnly = load.stages.count == 1
      if let stages = account.fleet?.stages, index < stages.count {
        figures.take(stages[index], hasSchedule: hasSchedule)
        if hasSchedule {
          figures.backlogAtBegin = seen.takenAtBegin.map { max(0, due - $0) }
          due += stages[index].published
          figures.backlogAtEnd = seen.takenAtEnd.map { max(0, due - $0) }
        }
      }
      let ledger = account.fleet?.stages.flatMap { index < $0.count ? $0[index] : nil }
      if isOnly, let ingestion = account.ingestion {
        let perPublication = ledger.flatMap {
          $0.publications > 0 ? Double($0.published) / Double($0.publications) : nil
        }
        figures.take(ingestion, perPublication ?? 1)
      } else if let stage = account.ingestion?.stages?.first(where: { $0.stage == index }) {
        figures.take(stage, of: ledger?.publications ?? stage.publications)
      } else if let begin = seen.takenAtBegin, let end = seen.takenAtEnd, let seconds = seen.seconds,
        seconds > 0
      {
        // Publications of MQTT 3.1.1 do not say when they were meant to leave.
        figures.achieved = Double(end - begin) / seconds
      }
      return figures
    }
  }

  private mutating func take(_ ledger: StageLedger, hasSchedule: Bool) {
    messages = ledger.published
    guard hasSchedule, let seconds, seconds > 0 else { return }
    offered = Double(ledger.published) / seconds
    lag = ledger.scheduleLagMs
    waiting = ledger.waitedSeconds / (seconds * Double(processes))
  }

  private mutating func take(_ statistics: StageStatistics, of publications: Int) {
    let arrived = min(1, Double(statistics.publications) / Double(max(1, publications)))
    achieved = offered.map { Self.achieved(offered: $0 * arrived, growth: statistics.growth) }
    (p50, p99, p999) = (statistics.p50, statistics.p99, statistics.p999)
    if let seconds, seconds > 0 { committing = statistics.commitSeconds / seconds }
  }

  /// The rate at which messages become durable of which so many are offered. Where latency grows by a quarter of a second each second,
  /// what is offered in a second takes a second and a quarter. A single wait, wherever it lies, hardly changes that; the
  /// time from the first to the last commit would depend on the last one alone.
  package static func achieved(offered: Double, growth: Double?) -> Double {
    offered / max(0.01, 1 + (growth ?? 0))
  }

  /// Of a run that is one stage as a whole.
  private mutating func take(_ statistics: IngestionStatistics, _ messagesPerPublication: Double) {
    guard statistics.activeSeconds > 0, statistics.messages > 0 else { return }
    achieved = Double(statistics.messages) / statistics.activeSeconds * messagesPerPublication
    let latencies = statistics.endToEndMicroseconds
    if latencies.totalCount > 0 {
      func milliseconds(_ percentile: Double) -> Double {
        Double(latencies.valueAtPercentile(percentile)) / 1000
      }
      (p50, p99, p999) = (milliseconds(50), milliseconds(99), milliseconds(99.9))
    }
    let commits = statistics.commitMicroseconds
    if commits.totalCount > 0 {
      committing = commits.mean * Double(commits.totalCount) / 1e6 / statistics.activeSeconds
    }
  }
}
