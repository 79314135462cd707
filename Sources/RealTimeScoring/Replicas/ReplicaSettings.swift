import HTTP

/// What a set of replicas is told.
package struct ReplicaSettings: Sendable {
  /// Where clients connect. Port 0 is any free one; ``ReplicaSet/address`` says which.
  package var listen: ListenAddress
  package var scale: ReplicaScale
  /// The folder that takes `haproxy.cfg`, `replicas.csv`, `logs/haproxy.log` and `logs/replica-N.log`; it is made where it is not
  /// there. No two sets run in one folder.
  package var folder: String
  /// The program of a replica, and its arguments, such as `serve --endpoint FILE`. `--listen unix:PATH` is added to them. A replica is
  /// ready when `GET /v2/health/ready` on that socket is answered 200, and leaves at SIGTERM.
  package var program: String
  package var arguments: [String]
  /// Takes each line that a replica writes to standard output, with the replica's number. Standard error goes to its log.
  package var output: @Sendable (Int, String) -> Void = { _, _ in }
  /// Added to the environment of each replica.
  package var environment: [String: String] = [:]
  /// Where clients are to use TLS. haproxy gets both files as one, which nobody else may read.
  package var tls: TLSFiles?
  /// A socket file on which somebody answers `GET /metrics` for the whole service, such as with ``HAProxyMetrics``. Nil: a replica
  /// answers for itself alone.
  package var metricsSocket: String?

  /// How long a request waits for a replica before it is answered 503.
  package var queueTimeout = ReplicaDefaults.queueTimeout
  /// How many requests wait at most; others are answered 503 at once.
  package var queueLength = ReplicaDefaults.queueLength
  /// How long a replica may take to answer; after that the client is answered 504.
  package var requestTimeout = ReplicaDefaults.requestTimeout
  /// How long a request may take to arrive, body and all.
  package var arrivalTimeout = ReplicaDefaults.arrivalTimeout
  /// The most connections of clients.
  package var connections = ReplicaDefaults.connections
  /// How long a replica may take until it is ready.
  package var startTimeout = ReplicaDefaults.startTimeout
  /// How long stopping may take until what is left is killed.
  package var stopDeadline = ReplicaDefaults.stopDeadline
  /// For how long a smaller number of replicas must have been enough before one goes.
  package var scaleDownTime = ReplicaDefaults.scaleDownTime

  package init(
    listen: ListenAddress, scale: ReplicaScale, folder: String, program: String, arguments: [String]
  ) {
    self.listen = listen
    self.scale = scale
    self.folder = folder
    self.program = program
    self.arguments = arguments
  }
}
