import HTTP

/// The description of the REST face for programs, made of the table of its routes.
enum BatchOpenAPI {
  static func bytes(version: String) -> [UInt8] {
    OpenAPIText(
      title: "Sonde batch endpoints", version: version, components: components,
      security: "[{},{\"key\":[]}]"
    ).bytes(BatchRoute.allCases.map(operation))
  }

  private static func operation(_ route: BatchRoute) -> OpenAPIText.Operation {
    var operation = OpenAPIText.Operation(
      id: "\(route)", summary: route.summary, method: route.method, pattern: route.pattern)
    switch route {
    case .start:
      operation.parameters = [
        parameter(
          "azureml-model-deployment", in: "header", "The deployment that scores; else the endpoint's default."
        ),
        parameter(
          "repeatability-request-id", in: "header",
          "An idempotency key: the same request twice with it makes one job."),
      ]
      operation.body =
        "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/JobRequest\"}}}}"
    case .jobs:
      operation.parameters = [
        parameter("deployment", in: "query", "Jobs of this deployment alone."),
        parameter("$skiptoken", in: "query", "The last job of the page before."),
      ]
    default: break
    }
    operation.answers =
      [(route == .start ? 201 : 200, answer(of: route))]
      + faults(of: route).map { ($0, "{\"$ref\":\"#/components/responses/Error\"}") }
    return operation
  }

  private static func parameter(_ name: String, in place: String, _ about: String) -> String {
    "{\"name\":\"\(name)\",\"in\":\"\(place)\",\"schema\":{\"type\":\"string\"},\"description\":\"\(about)\"}"
  }

  private static func answer(of route: BatchRoute) -> String {
    switch route {
    case .root, .metrics, .logs:
      "{\"description\":\"Text.\",\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}}"
    case .openAPI:
      "{\"description\":\"This document.\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\"}}}}"
    case .endpoint: OpenAPIText.json("Endpoint")
    case .jobs: OpenAPIText.json("Jobs")
    case .start, .job, .cancel: OpenAPIText.json("Job")
    case .output:
      "{\"description\":\"The file.\",\"content\":{\"text/csv\":{\"schema\":{\"type\":\"string\"}},"
        + "\"application/json\":{\"schema\":{\"type\":\"object\"}}}}"
    }
  }

  /// Which faults a route may answer with.
  private static func faults(of route: BatchRoute) -> [Int] {
    let always = [401, 405, 429, 431, 503, 504]
    switch route {
    case .root: return [401, 405, 429, 431]
    case .start: return [400, 401, 404, 405, 413, 415, 429, 431, 500, 503, 504]
    case .cancel: return always + [404, 409, 500]
    case .jobs: return always + [400, 404]
    case .openAPI, .endpoint, .job, .logs, .output: return always + [404, 500]
    case .metrics: return always
    }
  }

  /// A number, or a text that has one: Azure's documentation writes both.
  private static let number = "{\"type\":[\"integer\",\"string\",\"null\"]}"
  private static let text = "{\"type\":[\"string\",\"null\"],\"maxLength\":1024}"
  private static let texts =
    "{\"type\":[\"object\",\"null\"],\"maxProperties\":\(BatchDefaults.mostTags),"
    + "\"additionalProperties\":{\"type\":\"string\",\"maxLength\":1024}}"

  private static let components = """
    {"securitySchemes":{"key":{"type":"http","scheme":"bearer"}},\
    "responses":{"Error":{"description":"What went wrong.","content":{"application/json":{"schema":{"type":"object",\
    "required":["error"],"properties":{"error":{"$ref":"#/components/schemas/Error"}}}}}}},\
    "schemas":{\
    "Error":{"type":"object","required":["code","message"],"properties":{"code":{"type":"string"},"message":{"type":"string"}}},\
    "Input":{"type":"object","properties":{"jobInputType":{"enum":["UriFolder","UriFile","Literal"]},\
    "uri":\(text),"value":\(text),"mode":\(text),"description":\(text)}},\
    "Output":{"type":"object","properties":{"jobOutputType":{"enum":["UriFile","UriFolder"]},\
    "uri":\(text),"mode":\(text),"description":\(text)}},\
    "JobRequest":{"type":"object","required":["properties"],"properties":{"properties":{"type":"object","required":["inputData"],\
    "properties":{"inputData":{"type":"object","minProperties":1,"maxProperties":\(BatchDefaults.mostInputs),\
    "additionalProperties":{"$ref":"#/components/schemas/Input"}},\
    "outputData":{"type":"object","maxProperties":1,"additionalProperties":{"$ref":"#/components/schemas/Output"}},\
    "miniBatchSize":\(number),"errorThreshold":\(number),"maxConcurrencyPerInstance":\(number),\
    "retrySettings":{"type":"object","properties":{"maxRetries":\(number),"timeout":\(text)}},\
    "outputFileName":\(text),"loggingLevel":\(text),\
    "compute":{"type":"object","properties":{"instanceCount":\(number)}},\
    "description":\(text),"tags":\(texts),"properties":\(texts)}}}},\
    "Job":{"type":"object","required":["id","name","type","properties","systemData"],"properties":{"id":{"type":"string"},\
    "name":{"type":"string"},"type":{"type":"string"},"error":{"$ref":"#/components/schemas/Error"},\
    "systemData":{"type":"object","required":["createdAt"],"properties":{"createdAt":{"type":"string"},"createdBy":{"type":"string"},\
    "createdByType":{"type":"string"},"lastModifiedAt":{"type":"string"}}},\
    "properties":{"type":"object","required":["name","status","provisioningState","inputData","outputData"],\
    "properties":{"name":{"type":"string"},"status":{"enum":["Queued","Provisioning","Running","Finalizing","CancelRequested",\
    "NotResponding","Completed","Failed","Canceled"]},\
    "provisioningState":{"enum":["InProgress","Succeeded","Failed","Canceled"]},"inputData":{"type":"object"},\
    "outputData":{"type":"object"},"errorThreshold":{"type":"integer"},"miniBatchSize":{"type":"integer"},\
    "maxConcurrencyPerInstance":{"type":"integer"},"retrySettings":{"type":"object"},"outputFileName":{"type":"string"},\
    "loggingLevel":{"type":"string"},"compute":{"type":"object"},"description":{"type":"string"},\
    "tags":{"type":"object","additionalProperties":{"type":"string"}},\
    "properties":{"type":"object","additionalProperties":{"type":"string"}}}}}},\
    "Jobs":{"type":"object","required":["value","nextLink"],"properties":{"nextLink":{"type":["string","null"]},\
    "value":{"type":"array","items":{"$ref":"#/components/schemas/Job"}}}},\
    "Endpoint":{"type":"object","required":["id","name","properties"],"properties":{"id":{"type":"string"},"name":{"type":"string"},\
    "type":{"type":"string"},"properties":{"type":"object"}}}}}
    """
}
