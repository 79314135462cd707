/// The description of the service for programs (OpenAPI 3.1), made of the table of its routes.
/// https://spec.openapis.org/oas/v3.1.0
struct OpenAPIDocument {
  /// What clients may call its version.
  static let versions = ["3", "3.0", "3.1"]

  private let version: String

  init(version: String) { self.version = version }

  var bytes: [UInt8] {
    var writer = JSONWriter(reserving: 16 << 10)
    writer.beginObject()
    writer.key("openapi")
    writer.text("3.1.0")
    writer.key("info")
    writer.raw("{\"title\":\"Sonde scoring service\",\"version\":\"\(version)\"}")
    writer.key("components")
    writer.raw(Self.components)
    writer.key("security")
    writer.raw("[{},{\"key\":[]}]")
    writer.key("paths")
    writer.beginObject()
    for route in ServiceRoute.allCases {
      writer.key(named: route.pattern)
      writer.beginObject()
      writer.key(named: route.method.description.lowercased())
      operation(route, &writer)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private func operation(_ route: ServiceRoute, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("operationId")
    writer.text("\(route)")
    writer.key("summary")
    writer.text(route.summary)
    let names = route.pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map {
      String($0.dropFirst().dropLast())
    }
    writer.key("parameters")
    writer.beginArray()
    for name in names {
      writer.raw("{\"name\":\"\(name)\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}")
    }
    if route.isScoring {
      writer.raw(
        "{\"name\":\"\(ServedEndpoint.deploymentHeader)\",\"in\":\"header\",\"schema\":{\"type\":\"string\"},"
          + "\"description\":\"The deployment that is to answer.\"}")
    }
    writer.endArray()
    if let body = Self.body(of: route) {
      writer.key("requestBody")
      writer.raw(
        "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/\(body)\"}}}}"
      )
    }
    writer.key("responses")
    writer.beginObject()
    writer.key("200")
    writer.raw(Self.answer(of: route))
    for status in Self.faults(of: route) {
      writer.key(named: String(status))
      writer.raw(
        "{\"$ref\":\"#/components/responses/\(route.face == .openInference ? "Error" : "Message")\"}")
    }
    writer.endObject()
    writer.endObject()
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
    case .infer, .inferVersion: json("InferenceAnswer")
    case .score:
      "{\"description\":\"An object a row, or what the script gives.\",\"content\":{\"application/json\":{\"schema\":{}}}}"
    case .openAPI, .swagger:
      "{\"description\":\"This document.\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\"}}}}"
    case .server: json("Server")
    case .live: json("Live")
    case .ready: json("Ready")
    case .models: json("Models")
    case .model, .modelVersion: json("Model")
    case .modelReady, .modelVersionReady: json("ModelReady")
    }
  }

  private static func json(_ schema: String) -> String {
    "{\"description\":\"\(schema).\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/\(schema)\"}}}}"
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
