/// The defaults and bounds of scoring inside the stream, each with its reason.
package enum StreamDefaults {
  /// Rows a request at most: the default of Azure Stream Analytics.
  package static let maxBatchCount = 1000
  /// The most that Azure Stream Analytics takes.
  package static let mostBatchCount = 10_000
  /// Requests under way at a time: the default of Azure Stream Analytics.
  package static let parallelRequests = 1
  /// More connections than replicas of one machine answer at a time.
  package static let mostParallelRequests = 256

  /// Rows that wait in memory, beside those under way. At this bound nothing more is read: what has closed waits in the store, which is its
  /// queue whatever dies, and only the watermark delay grows.
  package static let queuedRows = 20_000
  /// Batches of closed windows that are read at a time. One has at most a thousand closings of devices, and the last may go beyond the bound.
  static let batchesPerRead = 16
  /// How often the store is asked whether more windows have closed: a read of one row. A window takes seconds to fill, so nobody waits for this.
  static let readPause = Duration.milliseconds(20)
  /// Scores that wait for others before they are stored together, and how long they do at most: a transaction costs a fraction of a
  /// millisecond, and holds up ingestion's next one for as long.
  static let rowsPerCommit = 2000
  static let commitPause = Duration.milliseconds(50)
  /// How long the store may refuse to be written, as a full disk or another process's lock makes it, before scoring gives up.
  static let storeRetryFor = Duration.seconds(60)
  /// How often progress is told.
  static let tellPause = Duration.milliseconds(500)

  /// How long a request may take. A service says 504 long before.
  package static let requestTimeout = Duration.seconds(30)
  /// The first pause after a request that may be sent again, doubled after each further one, up to the longest: a service that comes back
  /// is found soon, and one that is down is not asked a thousand times a second.
  static let firstPause = Duration.milliseconds(50)
  static let longestPause = Duration.seconds(5)
  /// The longest that a service's `Retry-After` is believed.
  static let longestRetryAfter = Duration.seconds(60)
  /// How much of an answer's body is told where it is refused.
  static let toldBytes = 300
}
