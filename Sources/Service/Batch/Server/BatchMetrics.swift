import Files
import HTTP

/// What the REST face has counted, as Prometheus' text. Pure.
struct BatchMetrics: Sendable {
  private struct Outcome: Hashable, Sendable {
    var route: BatchRoute?
    var status: HTTPStatus
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private var requests: [Outcome: Int] = [:]

  mutating func add(_ route: BatchRoute?, _ status: HTTPStatus) {
    requests[Outcome(route: route, status: status), default: 0] += 1
  }

  /// - Parameters:
  ///   - jobs: How many are in each state.
  ///   - waiting: How many requests wait.
  func text(jobs: [String: Int], waiting: Int) -> String {
    typealias Sample = PrometheusText.Sample
    var text = PrometheusText()
    text.add(
      "sonde_batch_requests_total", .counter,
      help: "Requests that were answered, by method, route and status.",
      requests.map { outcome, count in
        Sample(
          Double(count),
          labels: [
            "method": outcome.route?.method.description ?? "", "route": outcome.route?.pattern ?? "",
            "status": String(outcome.status.rawValue),
          ])
      }.sorted { Self.order($0) < Self.order($1) })
    text.add(
      "sonde_batch_jobs", .gauge, help: "Jobs that the server knows, by state.",
      jobs.sorted { $0.key < $1.key }.map { Sample(Double($0.value), labels: ["state": $0.key]) })
    text.add(
      "sonde_batch_queue", .gauge, help: "Requests that wait to be looked into.", [Sample(Double(waiting))])
    return text.text
  }

  private static func order(_ sample: PrometheusText.Sample) -> String {
    sample.labels.sorted { $0.key < $1.key }.map(\.value).joined(separator: " ")
  }
}
