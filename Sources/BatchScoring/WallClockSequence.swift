import Telemetry

/// What a scheduler that goes by the wall clock does next, as a pure function of the schedule, of what was done, of the
/// time and of the watermark.
///
/// The cuts of its jobs follow each other without gap or overlap, as under the watermark; only where one ends depends on
/// when it fired. A fire that is skipped leaves its windows to the next one.
package struct WallClockSequence: Hashable, Sendable {
  package enum Step: Hashable, Sendable {
    case start(JobCut)
    /// End the jobs that run, say how they ended, and ask again.
    case cancelRunning(replacement: String)
    /// Nothing runs at this time: why, where a person should know.
    case skip(Timestamp, reason: String?)
    /// Nothing until this time; nil where the schedule never fires again.
    case wait(until: Timestamp?)
  }

  private let schedule: Schedule
  private let policy: ConcurrencyPolicy
  private let startedAt: Timestamp
  private var lastFire: Timestamp
  private var lastCut: Timestamp
  private var running: [JobCut]

  /// - Parameters:
  ///   - startedAt: The wall-clock time now; fires up to it were missed.
  ///   - lastFire: The last fire of an earlier life; nil where there was none, and then nothing was missed.
  ///   - lastCut: Where the next cut begins.
  ///   - running: Jobs of an earlier life that are taken up.
  package init(
    schedule: Schedule, policy: ConcurrencyPolicy, catchup: CatchupPolicy, startedAt: Timestamp,
    lastFire: Timestamp?, lastCut: Timestamp, running: [JobCut] = []
  ) {
    self.schedule = schedule
    self.policy = policy
    self.startedAt = startedAt
    self.lastCut = lastCut
    self.running = running
    let last = lastFire ?? startedAt
    let runs =
      switch catchup {
      case .none: 0
      case .last: 1
      case .all: ScoringDefaults.maxCatchUpRuns
      }
    self.lastFire = Self.skipping(schedule, after: last, through: startedAt, leaving: runs)
  }

  /// The time after which no more than `count` fires are left up to `end`, and `start` at the earliest.
  private static func skipping(
    _ schedule: Schedule, after start: Timestamp, through end: Timestamp, leaving count: Int
  ) -> Timestamp {
    guard count > 0 else { return max(start, end) }
    // Looks back further and further, because years may have passed and only the last fires matter.
    var span = Duration.seconds(60)
    while true {
      let from = max(start, end - span)
      var fires: [Timestamp] = []
      var time = from
      while let fire = schedule.next(after: time), fire <= end {
        fires.append(fire)
        time = fire
      }
      if fires.count > count { return fires[fires.count - count - 1] }
      if from == start { return start }
      span = span * 2
    }
  }

  /// What to do at `now`. Ask again after each step but `wait`.
  package mutating func next(now: Timestamp, watermark: Timestamp?) -> Step {
    guard let fire = schedule.next(after: lastFire) else { return .wait(until: nil) }
    guard fire <= now else { return .wait(until: fire) }
    let isMissed = fire <= startedAt
    if let first = running.first {
      switch policy {
      // What was missed is caught up one job after the other.
      case .forbid where isMissed, .replace where isMissed: return .wait(until: nil)
      case .forbid: return skip(fire, "job \(first.id) is still running")
      case .replace: return .cancelRunning(replacement: JobCut.id(of: fire))
      case .allow where running.count >= ScoringDefaults.maxConcurrentJobs:
        return skip(fire, "\(running.count) jobs are running already")
      case .allow: break
      }
    }
    guard let watermark else { return skip(fire, "there is no reading yet") }
    // A missed job takes what it would have taken, the newest everything.
    let isNewest = schedule.next(after: fire).map { $0 > now } ?? true
    let through = isNewest ? watermark : min(watermark, fire)
    guard through > lastCut else { return skip(fire, nil) }
    let cut = JobCut(after: lastCut, through: through, firedAt: fire)
    lastFire = fire
    lastCut = through
    running.append(cut)
    return .start(cut)
  }

  private mutating func skip(_ fire: Timestamp, _ reason: String?) -> Step {
    lastFire = fire
    return .skip(fire, reason: reason)
  }

  /// The job of `cut` has ended. Where it was canceled to be replaced, the next one scores its windows.
  package mutating func didEnd(_ cut: JobCut, isReplaced: Bool) {
    running.removeAll { $0.id == cut.id }
    if isReplaced { lastCut = min(lastCut, cut.after) }
  }

  /// The job of everything that is left, once nothing runs and the stream has ended.
  package var closing: JobCut { JobCut(closingAfter: lastCut) }
}
