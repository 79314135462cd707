/// The defaults and bounds of the scoring service, each with its reason.
package enum ServingDefaults {
  /// As Azure's online endpoints have it (`request_timeout_ms`).
  package static let requestTimeout = Duration.seconds(5)
  /// As Azure's online endpoints have it (`max_queue_wait_ms`).
  package static let maxQueueWait = Duration.milliseconds(500)
  /// As Azure's online endpoints have it: one request an instance at a time.
  package static let maxConcurrentRequests = 1
  /// How many requests may wait. What a client waits for is bounded by time; this bounds the memory, at 16 MiB a body.
  package static let queuedRequests = 256
  /// Up to how many kernel values (rows × support vectors) a request is answered on the server's own thread: they take about 0.2 ms, and
  /// handing the request to another thread takes a tenth of that. With a thousand connections, each with such a request, the last one waits
  /// 0.2 s.
  static let kernelsAtOnce = 20_000
  /// Up to how many bytes a body is read on the server's own thread, for the same reason: these take about 0.1 ms.
  static let bodyAtOnce = 64 << 10
  /// How often the files of an endpoint are looked at; and how much of the time that may take at most, as one part in so many.
  static let reloadInterval = Duration.seconds(1)
  static let reloadShare = 50
  /// The most tensors of a request: one a feature, and models have fewer features.
  static let mostTensors = 4096
  /// The most columns of a table, for the same reason; people send some more than a model needs.
  static let mostColumns = 16_384
  /// The most dimensions of a tensor: rows have two.
  static let mostDimensions = 8
  /// For how many numbers room is made before they have been read: a shape alone costs no memory.
  static let mostReserved = 1 << 16
  /// How long requests may go on after SIGTERM, as containers mostly give.
  package static let drain = Duration.seconds(10)
}
