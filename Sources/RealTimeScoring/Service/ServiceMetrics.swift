import Files
import HTTP

/// What the service has counted, as metrics: what came of requests goes in, Prometheus' text comes out. Pure.
struct ServiceMetrics: Sendable {
  private struct Outcome: Hashable, Sendable {
    var route: ServiceRoute?
    var status: HTTPStatus
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Upper bounds of durations in seconds: a row takes some 10 µs, a request is given 5 s.
  private static let bounds = [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  ]

  private var requests: [Outcome: Int] = [:]
  private var durations: [ServiceRoute: PrometheusText.Histogram] = [:]
  private var rows = 0
  private(set) var reloads = 0
  private(set) var refusedReloads = 0

  mutating func add(_ route: ServiceRoute?, _ status: HTTPStatus, rows: Int, seconds: Double) {
    requests[Outcome(route: route, status: status), default: 0] += 1
    guard let route, route.isScoring else { return }
    if status == .ok { self.rows += rows }
    durations[
      route,
      default: PrometheusText.Histogram(bounds: Self.bounds, labels: ["route": route.pattern])
    ].add(seconds)
  }

  mutating func addReload(isRefused: Bool) {
    if isRefused { refusedReloads += 1 } else { reloads += 1 }
  }

  /// What there is now, which nobody counts.
  struct Gauges {
    var models: Int
    var brokenModels: Int
    var waiting: Int
    var busy: Int
    var connections: Int
  }

  /// The metrics as text.
  func text(_ gauges: Gauges) -> String {
    typealias Sample = PrometheusText.Sample
    var text = PrometheusText()
    text.add(
      "sonde_serving_requests_total", .counter, help: "Requests that were answered, by route and status.",
      requests.map { outcome, count in
        Sample(
          Double(count),
          labels: ["route": outcome.route?.pattern ?? "", "status": String(outcome.status.rawValue)])
      }.sorted { ($0.labels["route"]!, $0.labels["status"]!) < ($1.labels["route"]!, $1.labels["status"]!) })
    text.addHistogram(
      "sonde_serving_request_seconds", help: "From the last byte of a request to its answer.",
      durations.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value))
    text.add("sonde_serving_rows_total", .counter, help: "Rows that were scored.", [Sample(Double(rows))])
    text.add(
      "sonde_serving_reloads_total", .counter, help: "Changes of files that were taken over, or refused.",
      [
        Sample(Double(reloads), labels: ["outcome": "taken"]),
        Sample(Double(refusedReloads), labels: ["outcome": "refused"]),
      ])
    text.add(
      "sonde_serving_models", .gauge, help: "Models in memory, and those that cannot be read.",
      [
        Sample(Double(gauges.models), labels: ["state": "ready"]),
        Sample(Double(gauges.brokenModels), labels: ["state": "broken"]),
      ])
    text.add(
      "sonde_serving_queue", .gauge, help: "Requests that wait for a thread, and those that one works at.",
      [
        Sample(Double(gauges.waiting), labels: ["state": "waiting"]),
        Sample(Double(gauges.busy), labels: ["state": "busy"]),
      ])
    text.add(
      "sonde_serving_connections", .gauge, help: "Connections of clients.",
      [Sample(Double(gauges.connections))])
    return text.text
  }
}
