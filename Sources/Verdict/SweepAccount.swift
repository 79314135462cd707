import ClusterModel
import Telemetry

/// What a sweep of cluster sizes has come to, besides its rows: how well the model fits, and how the gate has judged it. Part of
/// `account.json`.
package struct SweepAccount: Sendable, Codable, Hashable {
  /// A size that was predicted before it was looked at.
  package struct HeldOut: Sendable, Codable, Hashable {
    package var nodes: Int
    package var coresPerNode: Int
    package var miniBatchSize: String
    package var measuredSeconds: Double
    package var simulatedSeconds: Double
    package var measuredNodeSeconds: Double
    package var simulatedNodeSeconds: Double
    package var halfWidth: Double

    package var error: Double {
      measuredSeconds > 0 ? (simulatedSeconds - measuredSeconds) / measuredSeconds : 0
    }
  }

  /// Tasks that the model was fitted on or held to.
  package var tasks = 0
  package var rounds = 0
  package var overheadSeconds = 0.0
  package var secondsPerRow = 0.0
  package var secondsPerKernel = 0.0
  /// The coordinator's part of a job, besides what each task adds.
  package var serialSeconds = 0.0
  /// How much reference jobs differed, to either side, as a share.
  package var noise: Double?
  /// How many processors other programs were at.
  package var otherProcessors: Double?
  package var heldOut: [HeldOut] = []
  /// Of the errors, the widest.
  package var halfWidth: Double?
  package var worstError: Double?
  /// Why the gate failed the run; nil where it did not.
  package var failure: String?
  /// Why nothing can be said; nil where something can.
  package var uncertainty: String?
  /// Sizes with simulated jobs that were not done to their end, and how many.
  package var undone: [String] = []
  package var deadlineSeconds: Double?
  /// What the break-even goes by.
  package var billing: String?
  package var idleSeconds = 0.0

  /// Of a sweep that has not begun.
  package init(_ settings: SweepSettings) {
    deadlineSeconds = settings.deadline?.seconds
    idleSeconds = settings.idleTimeBeforeScaleDown.seconds
  }

  /// A cost that somebody has stated: nothing was measured, and nothing can be wrong.
  package mutating func note(_ times: TaskTimes) {
    overheadSeconds = times.overhead
    secondsPerRow = times.perRow
    secondsPerKernel = times.perKernel
    serialSeconds = times.before + times.after
  }

  package mutating func note(_ calibration: Calibration, otherProcessors: Double) {
    note(calibration.times)
    tasks = calibration.tasks
    rounds = calibration.rounds
    noise = calibration.noise
    self.otherProcessors = otherProcessors
    halfWidth = calibration.halfWidth
    worstError = calibration.worstError
    heldOut = calibration.heldOut.map {
      HeldOut(
        nodes: $0.cell.nodes, coresPerNode: $0.cell.coresPerNode, miniBatchSize: $0.cell.miniBatchSize,
        measuredSeconds: $0.measuredSeconds, simulatedSeconds: $0.simulatedSeconds,
        measuredNodeSeconds: $0.measuredNodeSeconds, simulatedNodeSeconds: $0.simulatedNodeSeconds,
        halfWidth: $0.halfWidth)
    }
    switch calibration.outcome(otherProcessors: otherProcessors) {
    case .passed: break
    case .failed(let reason): failure = reason
    case .invalid(let reason): uncertainty = reason
    }
  }
}

extension ClusterAnswers {
  /// What the rows of a sweep say.
  package init(_ table: ClusterTable, _ account: SweepAccount) {
    self.init(
      rows: table.entries.map(\.row),
      deadline: account.deadlineSeconds.map { .milliseconds(Int64($0 * 1000)) },
      billing: account.billing.flatMap { try? BillingProfile.named($0) } ?? .azure,
      idleTime: .milliseconds(Int64(account.idleSeconds * 1000)))
  }
}
