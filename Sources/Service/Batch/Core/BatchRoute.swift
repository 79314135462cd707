import HTTP

/// What the REST face of batch endpoints answers: one table, of which the routes, the metrics' labels and the OpenAPI document are made.
enum BatchRoute: Int, CaseIterable, Hashable, Sendable {
  case root, metrics, openAPI
  case endpoint
  case jobs, start, job, cancel, logs, output

  var method: HTTPMethod {
    switch self {
    case .start, .cancel: .post
    default: .get
    }
  }

  var pattern: String {
    switch self {
    case .root: "/"
    case .metrics: "/metrics"
    case .openAPI: "/openapi.json"
    case .endpoint: "/batchEndpoints/{endpoint}"
    case .jobs, .start: "/batchEndpoints/{endpoint}/jobs"
    case .job: "/batchEndpoints/{endpoint}/jobs/{job}"
    case .cancel: "/batchEndpoints/{endpoint}/jobs/{job}/cancel"
    case .logs: "/batchEndpoints/{endpoint}/jobs/{job}/logs"
    case .output: "/batchEndpoints/{endpoint}/jobs/{job}/outputs/{file}"
    }
  }

  /// What it does, in a sentence.
  var summary: String {
    switch self {
    case .root: "Says that the service lives."
    case .metrics: "What the service has counted, in Prometheus' text format."
    case .openAPI: "This document."
    case .endpoint: "An endpoint: its default deployment, and where jobs are posted to."
    case .jobs: "The jobs of an endpoint, the newest first, page by page."
    case .start: "Starts a job; with an idempotency key, once however often it is asked for."
    case .job: "How a job is doing."
    case .cancel: "Ends a job; what it has done is kept, and no prediction file is written."
    case .logs: "What the process of a job and its workers have logged."
    case .output: "A file that a job has written: its predictions, failed.csv or _SUCCESS."
    }
  }

  static let table = RouteTable(allCases.map { RouteTable.Route($0.method, $0.pattern) })

  /// The path without what Azure's management plane puts before it, `/subscriptions/…/workspaces/…`: a client that was written for it finds
  /// the same routes.
  static func path(_ path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let fixed: [(Int, String)] = [
      (1, "subscriptions"), (3, "resourceGroups"), (5, "providers"),
      (6, "Microsoft.MachineLearningServices"), (7, "workspaces"),
    ]
    guard parts.count > 9, parts[0].isEmpty, parts[9] == "batchEndpoints",
      fixed.allSatisfy({ parts[$0].lowercased() == $1.lowercased() })
    else { return path }
    return "/" + parts[9...].joined(separator: "/")
  }
}
