import Files

/// What a set of replicas is at, as metrics for Prometheus: what clients see at the front, and what each replica is given. Pure.
package enum HAProxyMetrics {
  /// Adds the metrics of `figures` to `text`.
  package static func add(_ figures: ReplicaFigures, to text: inout PrometheusText) {
    let states = [("starting", figures.starting), ("ready", figures.ready), ("draining", figures.draining)]
    text.add(
      "sonde_serving_replicas", .gauge, help: "Replicas that there are, by their states.",
      states.map { .init(Double($0.1), labels: ["state": $0.0]) })
    text.add(
      "sonde_serving_replicas_wanted", .gauge, help: "Replicas that the autoscaler wants.",
      [.init(Double(figures.wanted))])
    text.add(
      "sonde_serving_replica_restarts_total", .counter,
      help: "Replicas that were started again after they had ended by themselves.",
      [.init(Double(figures.restarts))])
    guard let statistics = figures.statistics else { return }
    add(statistics, to: &text)
  }

  /// Adds what haproxy has counted to `text`.
  package static func add(_ statistics: HAProxyStatistics, to text: inout PrometheusText) {
    if let front = statistics.frontend {
      text.add(
        "sonde_serving_front_connections", .gauge, help: "Connections of clients.",
        [.init(Double(front.current))])
      text.add(
        "sonde_serving_front_responses_total", .counter,
        help: "Answers that clients got, by the first digit of their status.",
        front.responses.enumerated().map { .init(Double($0.element), labels: ["code": "\($0.offset + 1)xx"]) }
      )
    }
    text.add(
      "sonde_serving_front_queued_requests", .gauge, help: "Requests that wait for a replica.",
      [.init(Double(statistics.queued))])
    func perReplica(
      _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (HAProxyStatistics.Row) -> Int
    ) {
      text.add(
        "sonde_serving_replica_\(name)", kind, help: help,
        statistics.replicas.map { .init(Double(value($0)), labels: ["replica": String($0.name.dropFirst())]) }
      )
    }
    perReplica("up", .gauge, "Whether the replica takes requests.") { $0.isUp ? 1 : 0 }
    perReplica("current_requests", .gauge, "Requests that the replica has.", \.current)
    perReplica("requests_total", .counter, "Requests that the replica was given.", \.total)
    perReplica(
      "redispatches_total", .counter, "Requests that went to another replica in its place.", \.redispatches)
    perReplica("retries_total", .counter, "How often a request to the replica was tried again.", \.retries)
  }
}
