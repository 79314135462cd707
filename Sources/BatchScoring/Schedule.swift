import Telemetry

/// When batch jobs fire: at the times of a cron expression, or evenly spaced. Pure: it knows no clock.
package enum Schedule: Hashable, Sendable {
  case cron(CronExpression)
  /// Every so many milliseconds after `origin`, at least ``ScoringDefaults/minimumInterval``.
  case every(Duration, origin: Timestamp)

  /// A schedule of five cron fields in UTC. Throws ``ScheduleError``, also where the expression never fires.
  package init(cron text: String) throws(ScheduleError) {
    self = .cron(try CronExpression(text))
  }

  /// A schedule that fires at `origin` plus one interval, plus two, and so on. Throws ``ScheduleError``.
  package init(every interval: Duration, origin: Timestamp) throws(ScheduleError) {
    guard interval >= ScoringDefaults.minimumInterval else {
      throw ScheduleError(
        "every \(interval.seconds) s: jobs can be at least \(ScoringDefaults.minimumInterval.seconds) s apart"
      )
    }
    self = .every(interval, origin: origin)
  }

  /// The first fire time after `instant`; nil where there is none.
  package func next(after instant: Timestamp) -> Timestamp? {
    switch self {
    case .cron(let expression):
      return expression.next(after: instant)
    case .every(let interval, let origin):
      guard instant >= origin else { return origin + interval }
      let passed = (instant.milliseconds - origin.milliseconds) / interval.milliseconds
      return Timestamp(milliseconds: origin.milliseconds + (passed + 1) * interval.milliseconds)
    }
  }
}
