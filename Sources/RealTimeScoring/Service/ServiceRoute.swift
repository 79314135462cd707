import Files
import HTTP

/// What the service answers: one table, of which the routes, the metrics' labels and the OpenAPI document are made.
enum ServiceRoute: Int, CaseIterable, Hashable, Sendable {
  case root, metrics, openAPI, swagger
  case server, live, ready
  case models, model, modelReady, infer
  case modelVersion, modelVersionReady, inferVersion
  case score

  /// Whose clients a route speaks to, which settles the shape of its errors.
  enum Face: Hashable, Sendable {
    /// The Open Inference Protocol v2: `{"error": "…"}`.
    case openInference
    /// Azure's online endpoints: `{"message": "…"}`.
    case azure

    /// The face of a path that has no route.
    init(path: String) { self = path == "/v2" || path.hasPrefix("/v2/") ? .openInference : .azure }
  }

  var method: HTTPMethod {
    switch self {
    case .infer, .inferVersion, .score: .post
    default: .get
    }
  }

  var pattern: String {
    switch self {
    case .root: "/"
    case .metrics: "/metrics"
    case .openAPI: "/openapi.json"
    case .swagger: "/swagger.json"
    case .server: "/v2"
    case .live: "/v2/health/live"
    case .ready: "/v2/health/ready"
    case .models: "/v2/models"
    case .model: "/v2/models/{model}"
    case .modelReady: "/v2/models/{model}/ready"
    case .infer: "/v2/models/{model}/infer"
    case .modelVersion: "/v2/models/{model}/versions/{version}"
    case .modelVersionReady: "/v2/models/{model}/versions/{version}/ready"
    case .inferVersion: "/v2/models/{model}/versions/{version}/infer"
    case .score: "/score"
    }
  }

  /// What it does, in a sentence.
  var summary: String {
    switch self {
    case .root: "Says that the service lives."
    case .metrics: "What the service has counted, in Prometheus' text format."
    case .openAPI: "This document."
    case .swagger: "This document, where clients of Azure's endpoints look for it."
    case .server: "The server's name and version."
    case .live: "Whether the service lives."
    case .ready: "Whether it takes requests: all models are in memory, and it is not about to end."
    case .models: "The names of all models."
    case .model, .modelVersion: "The inputs and outputs of a model."
    case .modelReady, .modelVersionReady: "Whether a model can be asked."
    case .infer, .inferVersion:
      "Scores rows with a model; or, under the endpoint's name, each row with the model of its device."
    case .score:
      "Scores rows; an object a row comes back. Where the deployment has a scoring script, whatever that takes and gives."
    }
  }

  var face: Face {
    switch self {
    case .root, .score, .swagger, .openAPI, .metrics: .azure
    default: .openInference
    }
  }

  /// Whether it scores, and so counts as a request to the endpoint.
  var isScoring: Bool { method == .post }

  /// Whether a proxy in front may ask without a key, over a socket file.
  var isHealth: Bool { self == .root || self == .live || self == .ready }

  static let table = RouteTable(allCases.map { RouteTable.Route($0.method, $0.pattern) })
}

extension ServiceRoute.Face {
  /// The answer to a request that went wrong.
  func answer(_ fault: RequestFault) -> HTTPAnswer {
    var writer = JSONWriter()
    writer.beginObject()
    switch self {
    case .openInference: writer.key("error")
    case .azure: writer.key("message")
    }
    writer.text(fault.description)
    writer.endObject()
    var answer = HTTPAnswer.json(fault.status, writer.bytes)
    for field in fault.headers.fields { answer.headers.add(field.name, field.value) }
    return answer
  }
}
