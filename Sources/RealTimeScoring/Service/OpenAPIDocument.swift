import HTTP

/// The description of the service for programs (OpenAPI 3.1), made of the table of its routes.
/// https://spec.openapis.org/oas/v3.1.0
struct OpenAPIDocument {
  private let version: String

  init(version: String) { self.version = version }

  var bytes: [UInt8] {
    OpenAPIText(
      title: "Sonde scoring service", version: version, components: Self.components,
      security: "[{},{\"key\":[]}]"
    ).bytes(ServiceRoute.allCases.map(operation))
  }

  private func operation(_ route: ServiceRoute) -> OpenAPIText.Operation {
    var operation = OpenAPIText.Operation(
      id: "\(route)", summary: route.summary, method: route.method, pattern: route.pattern)
    if route.isScoring {
      operation.parameters = [
        "{\"name\":\"\(ServedEndpoint.deploymentHeader)\",\"in\":\"header\",\"schema\":{\"type\":\"string\"},"
          + "\"description\":\"The deployment that is to answer.\"}"
      ]
    }
    operation.body = Self.body(of: route).map {
      "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/\($0)\"}}}}"
    }
    let fault =
      "{\"$ref\":\"#/components/responses/\(route.face == .openInference ? "Error" : "Message")\"}"
    operation.answers =
      [(200, Self.answer(of: route))] + Self.faults(of: route).map { ($0, fault) }
    return operation
  }

  private static func body(of route: ServiceRoute) -> String? {
    switch route {
    case .infer, .inferVersion: "InferenceRequest"
    case .score: "ScoreRequest"
    default: nil
    }
  }

  private static func answer(of route: ServiceRoute) -> String {
    switch route {
    case .root, .metrics:
      "{\"description\":\"Text.\",\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}}"
    case .infer, .inferVersion: OpenAPIText.json("InferenceAnswer")
    case .score:
      "{\"description\":\"An object a row, or what the script gives.\",\"content\":{\"application/json\":{\"schema\":{}}}}"
    case .openAPI, .swagger:
      "{\"description\":\"This document.\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\"}}}}"
    case .server: OpenAPIText.json("Server")
    case .live: OpenAPIText.json("Live")
    case .ready: OpenAPIText.json("Ready")
    case .models: OpenAPIText.json("Models")
    case .model, .modelVersion: OpenAPIText.json("Model")
    case .modelReady, .modelVersionReady: OpenAPIText.json("ModelReady")
    }
  }

  /// Which faults a route may answer with.
  private static func faults(of route: ServiceRoute) -> [Int] {
    let always = [401, 405, 429, 431]
    switch route {
    case .infer, .inferVersion, .score: return [400, 401, 404, 405, 413, 415, 429, 431, 500, 503, 504]
    case .model, .modelReady, .modelVersion, .modelVersionReady: return always + [404, 503]
    case .ready: return always + [503]
    default: return always
    }
  }

  private static let components = """
    {"securitySchemes":{"key":{"type":"http","scheme":"bearer"}},\
    "responses":{\
    "Error":{"description":"What went wrong.","content":{"application/json":{"schema":{"type":"object","required":["error"],\
    "properties":{"error":{"type":"string"}}}}}},\
    "Message":{"description":"What went wrong.","content":{"application/json":{"schema":{"type":"object","required":["message"],\
    "properties":{"message":{"type":"string"}}}}}}},\
    "schemas":{\
    "Live":{"type":"object","required":["live"],"properties":{"live":{"type":"boolean"}}},\
    "Ready":{"type":"object","required":["ready"],"properties":{"ready":{"type":"boolean"}}},\
    "ModelReady":{"type":"object","required":["name","ready"],"properties":{"name":{"type":"string"},"ready":{"type":"boolean"}}},\
    "Models":{"type":"object","required":["models"],"properties":{"models":{"type":"array","items":{"type":"string"}}}},\
    "Server":{"type":"object","required":["name","version","extensions"],"properties":{"name":{"type":"string"},\
    "version":{"type":"string"},"extensions":{"type":"array","items":{"type":"string"}}}},\
    "Tensor":{"type":"object","required":["name","datatype","shape"],"properties":{"name":{"type":"string"},\
    "datatype":{"type":"string","enum":[\(TensorType.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ","))]},"shape":{"type":"array","items":{"type":"integer"}},"data":{"type":"array"},\
    "parameters":{"type":"object"}}},\
    "Model":{"type":"object","required":["name","platform","inputs","outputs"],"properties":{"name":{"type":"string"},\
    "versions":{"type":"array","items":{"type":"string"}},"platform":{"type":"string"},\
    "inputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}},\
    "outputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}},"parameters":{"type":"object"}}},\
    "InferenceRequest":{"type":"object","required":["inputs"],"properties":{"id":{"type":"string"},"parameters":{"type":"object"},\
    "inputs":{"type":"array","minItems":1,"items":{"allOf":[{"$ref":"#/components/schemas/Tensor"},{"required":["data"]}]}},\
    "outputs":{"type":"array","items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},\
    "parameters":{"type":"object"}}}}}},\
    "InferenceAnswer":{"type":"object","required":["model_name","outputs"],"properties":{"model_name":{"type":"string"},\
    "model_version":{"type":"string"},"id":{"type":"string"},\
    "outputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}}}},\
    "Rows":{"anyOf":[{"type":"array","items":{"type":"array","items":{"type":["number","string","null","boolean"]}}},\
    {"type":"array","items":{"type":"object"}},\
    {"type":"object","required":["data"],"properties":{"columns":{"type":"array","items":{"type":"string"}},\
    "index":{"type":"array"},"data":{"type":"array"}}}]},\
    "ScoreRequest":{"type":"object","anyOf":[{"required":["data"]},{"required":["input_data"]},{"required":["Inputs"]}],\
    "properties":{"data":{"$ref":"#/components/schemas/Rows"},"input_data":{"$ref":"#/components/schemas/Rows"},\
    "Inputs":{"type":"object","minProperties":1,"maxProperties":1,"additionalProperties":{"$ref":"#/components/schemas/Rows"}}}}}}
    """
}
