import StreamScoring

/// How long a run waits for a stream that comes no further once ingestion has ended.
///
/// Only rows that get their scores are progress. Requests that are sent again are none: a service that never recovers is tried without end.
package struct StreamPatience {
  private let limit: Duration
  private var backlog: Int?
  private var since: Duration

  /// - Parameters:
  ///   - limit: How long nothing may be scored.
  ///   - now: The time since the fleet was started, as that of ``isOver(_:at:)``.
  package init(limit: Duration, from now: Duration) {
    self.limit = limit
    since = now
  }

  /// Whether nothing was scored for too long, as `state` shows.
  package mutating func isOver(_ state: StreamState, at now: Duration) -> Bool {
    if state.backloggedWindows != backlog { (backlog, since) = (state.backloggedWindows, now) }
    return now - since >= limit
  }
}
