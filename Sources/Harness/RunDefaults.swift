/// The bounds of a run, each with its reason.
enum RunDefaults {
  /// How often the run looks at its parts: often enough for a progress line and for faults at the right time.
  static let pollInterval = Duration.milliseconds(20)
  /// Messages the fleet may be ahead of ingestion under `max`: enough to keep the broker busy, few enough that its
  /// queue, and memory, stay small.
  static let messagesAhead = 10_000
  /// The same under a clock with a schedule, which a slow pipeline must not slow down: below what the run's own broker
  /// keeps, so that it drops nothing.
  static let messagesAheadOnSchedule = 900_000
  /// How long a service may take until it is ready.
  static let readyTimeout = Duration.seconds(60)
  /// How often ingestion is started again after a death that nobody planned.
  static let unplannedRestarts = 5
  /// Between two looks at the parts of a run: longer than a busy machine takes. What did not move in a longer time may only not have been seen.
  static let longestBlindness = Duration.seconds(2)
  /// How long ingestion may store nothing while messages are missing before they count as lost.
  static let drainSilence = Duration.seconds(10)
  /// How long nothing may come on a foreign broker, where others may publish too, until a complete run counts as drained.
  static let foreignSilence = Duration.seconds(1)
  /// How long a service may take to finish after SIGTERM: a full batch, a checkpoint, a copy of the log.
  static let stopGrace = Duration.seconds(60)
  /// How long after a fault a part may still give up because of it, and is then started again.
  static let faultAftermath = Duration.seconds(30)
  /// How often ingestion is started again after it gave up because of a fault, and after which pause.
  static let excusedRestarts = 200
  static let excusedRestartPause = Duration.milliseconds(200)
  /// While faults are waiting, the fleet under `max` may be ahead by no more than this part of all messages, and no fewer
  /// messages than these: so faults come near the event time that they are meant for.
  static let messagesAheadOfFaults = (share: 20, fewest: 200)
  /// How long nothing may be stored after a broker was killed until the fleet goes on without what is missing.
  static let writeOffAfter = Duration.seconds(3)
  /// How long nothing may be scored inside the stream once ingestion has ended. A service may be tried without end, but not by a run.
  static let streamSilence = Duration.seconds(180)
  /// Devices with wrong clocks that are named one by one in the report.
  static let namedClocks = 100
  /// Losses that are named one by one in the report.
  static let namedLosses = 100
}
