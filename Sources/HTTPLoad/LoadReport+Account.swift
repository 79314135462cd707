import Telemetry

extension LoadReport {
  /// What the load was, for its report.
  package struct Setting: Sendable {
    package var target: LoadTarget
    package var plan: ArrivalPlan
    package var requests: RequestWriter
    package var connections: Int

    package init(target: LoadTarget, plan: ArrivalPlan, requests: RequestWriter, connections: Int) {
      self.target = target
      self.plan = plan
      self.requests = requests
      self.connections = connections
    }

    /// What the report calls the bodies.
    var spoken: String {
      switch requests.content {
      case .rows(_, _, let spoken, _): spoken.rawValue
      case .file: "file"
      }
    }
  }

  /// The report of a load that has ended.
  ///
  /// - Parameter serviceCPUSeconds: What the service used meanwhile; nil where nobody measured it.
  package init(_ outcome: LoadOutcome, of setting: Setting, serviceCPUSeconds: Double? = nil) {
    let account = outcome.account
    let all = account.all
    let rowsPerRequest = setting.requests.rowsPerRequest
    let planned = setting.plan.duration.seconds
    let seconds = outcome.isComplete ? planned : max(0.001, min(planned, outcome.stoppedSeconds))
    // A load that ends before its last answer has come took until then.
    let span = max(seconds, account.endedSeconds)
    let ownLag = Percentiles(account.ownLag)
    let keeping = PlanKeeping(
      PlanKeeping.Figures(
        requests: all.requests, plannedSeconds: seconds, takenSeconds: account.takenSeconds,
        ownLagP99Ms: ownLag.p99 ?? 0, waits: outcome.waits, connections: setting.connections,
        cpuSeconds: outcome.cpuSeconds, elapsedSeconds: outcome.elapsedSeconds))
    url = setting.target.url
    self.protocol = setting.spoken
    arrivals = setting.plan.spacing.rawValue
    seed = setting.plan.seed
    connections = setting.connections
    self.rowsPerRequest = rowsPerRequest
    self.seconds = seconds
    complete = outcome.isComplete
    requests = all.requests
    rows = all.requests * rowsPerRequest
    answered = all.answered
    errors = all.errors
    errorsByKind = Errors(
      status: all.statusErrors, timeout: all.timeouts, connection: all.connectionErrors,
      wrongId: all.wrongIDs, unreadable: all.unreadable)
    statuses = Dictionary(uniqueKeysWithValues: all.statuses.map { (String($0.key), $0.value) })
    rejected = all.rejected
    unfinished = all.unfinished
    offeredPerSecond = Double(all.requests) / seconds
    achievedPerSecond = Double(all.answered) / span
    rowsPerSecond = Double(all.answered * rowsPerRequest) / span
    latencyMs = Percentiles(all.latency)
    serviceTimeMs = Percentiles(account.service)
    sendLagMs = Percentiles(account.sendLag)
    generatorLagMs = ownLag
    waited = outcome.waits
    resent = outcome.resends
    reopened = outcome.reopened
    generatorCpuSeconds = outcome.cpuSeconds
    stages = Self.stages(account, setting.plan, until: seconds)
    planKept = keeping.isKept
    cpuUsPerRequest = serviceCPUSeconds.flatMap { all.answered > 0 ? $0 * 1e6 / Double(all.answered) : nil }
    missed = keeping.missed
    waitedBecause = keeping.waited
  }

  /// Those that began before the load ended.
  private static func stages(_ account: LoadAccount, _ plan: ArrivalPlan, until end: Double) -> [Stage] {
    var stages: [Stage] = []
    var begin = 0.0
    for (index, stage) in plan.stages.enumerated() where begin < end {
      let part = account.stages[index]
      let seconds = min(stage.duration.seconds, end - begin)
      stages.append(
        Stage(
          stage: index + 1, seconds: seconds, requests: part.requests, answered: part.answered,
          errors: part.errors, rejected: part.rejected,
          offeredPerSecond: Double(part.requests) / seconds, latencyMs: Percentiles(part.latency)))
      begin += stage.duration.seconds
    }
    return stages
  }
}

/// How a load went, before it is put into a report.
package struct LoadOutcome: Sendable {
  package var account: LoadAccount
  /// Whether the whole plan was gone through.
  package var isComplete: Bool
  /// Seconds from the start of the plan until it was stopped; of the whole plan where it was not.
  package var stoppedSeconds: Double
  /// From the start of the plan to the end of everything.
  package var elapsedSeconds: Double
  /// See ``RequestBoard``.
  package var waits: Int
  package var resends: Int
  package var reopened: Int
  /// The generator's processor time while the plan went on, in seconds.
  package var cpuSeconds: Double
}
