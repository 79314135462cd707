import HTTPLoad

/// One connection of scoring inside the stream, and the request that it carries.
///
/// A class, because the loop keeps each in its place; used from one thread.
final class StreamSlot {
  /// A request that is to be answered, however often it is sent.
  struct Work {
    var rows: StreamRequestRows
    var id: String
    /// How often it has been sent.
    var sends = 0
    var backoff = Backoff()
  }

  enum State: Equatable {
    case free
    case opening(since: ContinuousClock.Instant)
    case sent(at: ContinuousClock.Instant)
    case pausing(until: ContinuousClock.Instant)
  }

  let connection = LoadConnection()
  var work: Work?
  var state = State.free
}
