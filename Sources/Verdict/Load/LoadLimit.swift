import Wording

/// Which part kept a stage of the load from being carried, and why it is thought so. Follows from the stage's figures alone.
package struct LoadLimit: Hashable, Sendable {
  package enum Part: String, CaseIterable, Hashable, Sendable {
    case fleet
    case broker
    case ingestion
    case disk
    case machine
    /// The load was carried.
    case none
    /// It was not, and no figure says why.
    case unknown
  }

  package let part: Part
  /// In words, without a full stop.
  package let reason: String

  package init(_ part: Part, _ reason: String) {
    self.part = part
    self.reason = reason
  }

  /// The rules, in the order in which they are asked: what is full is named before what only waits.
  package init(_ figures: LoadFigures) {
    guard figures.isCarried != true else {
      self.init(.none, "the load was carried")
      return
    }
    self =
      Self.fullPart(figures) ?? Self.fullMachine(
        figures, leastOwn: LoadDefaults.ownShare, leastBusy: LoadDefaults.crowdedMachine)
      ?? Self.slowDisk(figures)
      ?? Self.slowAcknowledgements(figures, mostCores: LoadDefaults.idleCore)
      ?? Self.waitingMessages(figures, mostCores: LoadDefaults.idleCore)
      ?? Self.fullMachine(figures, leastOwn: 0, leastBusy: LoadDefaults.busyMachine)
      ?? Self.slowAcknowledgements(figures, mostCores: .infinity)
      ?? Self.waitingMessages(figures, mostCores: .infinity)
      ?? Self.lateFleet(figures)
      ?? LoadLimit(.unknown, "no part was busy all the time, and none kept the others waiting")
  }

  /// Broker, ingestion and each publishing process have one thread: none can use more than a core.
  private static func fullPart(_ figures: LoadFigures) -> LoadLimit? {
    let processes = Double(max(1, figures.processes))
    let parts: [(Part, Double?, String)] = [
      (.ingestion, figures.ingestionCores, "ingestion, which has one thread, used"),
      (.broker, figures.brokerCores, "the broker, which has one thread, used"),
      (
        .fleet, figures.fleetCores.map { $0 / processes },
        figures.processes > 1
          ? "each of the \(figures.processes) publishing processes used" : "the publishing process used"
      ),
    ]
    let full = parts.compactMap { part, cores, words in cores.map { (part, cores: $0, words) } }
      .filter { $0.cores >= LoadDefaults.busyCore }
    guard let most = full.max(by: { $0.cores < $1.cores }) else { return nil }
    return LoadLimit(most.0, "\(most.2) \(share(most.cores)) of a core")
  }

  /// - Parameters:
  ///   - leastOwn: The share of all processors that the run's own parts use at least.
  ///   - leastBusy: The share of all processors that is in use at least.
  private static func fullMachine(_ figures: LoadFigures, leastOwn: Double, leastBusy: Double) -> LoadLimit? {
    guard let busy = figures.machineCores, figures.processors > 0,
      busy >= leastBusy * Double(figures.processors)
    else { return nil }
    let cores = [
      ("fleet", figures.fleetCores), ("broker", figures.brokerCores), ("ingestion", figures.ingestionCores),
    ]
    let own = cores.reduce(0) { $0 + ($1.1 ?? 0) }
    guard own >= leastOwn * Double(figures.processors) else { return nil }
    let others = max(0, busy - own)
    let parts = (cores + [("others", others)]).compactMap { name, cores in
      cores.map { "\(name) \(number($0))" }
    }
    let used = parts.isEmpty ? "" : " (cores: \(parts.joined(separator: ", ")))"
    return LoadLimit(
      .machine,
      "its \(figures.processors) processors were busy to \(share(min(1, busy / Double(figures.processors))))\(used)"
    )
  }

  private static func slowDisk(_ figures: LoadFigures) -> LoadLimit? {
    guard let committing = figures.committing, committing >= LoadDefaults.busyDisk else { return nil }
    return LoadLimit(
      .disk,
      "transactions took \(share(min(1, committing))) of the time, and ingestion computed for "
        + "\(share(figures.ingestionCores ?? 0)) of it")
  }

  /// - Parameter mostCores: What the broker used at most, as far as that is known: as for ``waitingMessages(_:mostCores:)``.
  private static func slowAcknowledgements(_ figures: LoadFigures, mostCores: Double) -> LoadLimit? {
    guard let waiting = figures.waiting, waiting >= LoadDefaults.waiting,
      (figures.brokerCores ?? 0) <= mostCores
    else { return nil }
    return LoadLimit(
      .broker, "the fleet waited \(share(min(1, waiting))) of its time for the broker's acknowledgements")
  }

  /// What has left in time waits, and neither fleet nor broker is busy with it.
  ///
  /// - Parameter mostCores: What ingestion used at most. One that waits for a processor has its share of those that there are, and
  ///   one that stands still has next to nothing.
  private static func waitingMessages(_ figures: LoadFigures, mostCores: Double) -> LoadLimit? {
    let leavesInTime = figures.lag.map { $0.p99 <= figures.latencyMs / 2 } ?? false
    guard leavesInTime, (figures.ingestionCores ?? 0) <= mostCores, figures.isGrowing || !figures.isPrompt
    else { return nil }
    if figures.isGrowing, let growth = figures.growth {
      return LoadLimit(
        .ingestion,
        "what the fleet published in time waited, \(growth.grouped) messages more at the end than at the "
          + "beginning, while fleet and broker had time left")
    }
    return LoadLimit(
      .ingestion,
      "messages left in time, and one in a hundred took \(Int(figures.p99 ?? 0).grouped) ms or longer to "
        + "become durable")
  }

  private static func lateFleet(_ figures: LoadFigures) -> LoadLimit? {
    guard let lag = figures.lag, lag.p99 > figures.latencyMs / 2 else { return nil }
    return LoadLimit(
      .fleet,
      "one publication in a hundred left \(Int(lag.p99).grouped) ms late or later, and nothing else was busy")
  }

  private static func share(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

  static func number(_ cores: Double) -> String {
    let hundredths = Int((cores * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
