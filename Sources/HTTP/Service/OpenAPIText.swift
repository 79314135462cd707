import Files
import Wording

/// The description of a service for programs (OpenAPI 3.1): what is the same whatever the service does.
/// https://spec.openapis.org/oas/v3.1.0
package struct OpenAPIText: Sendable {
  /// What clients may call the version of the document.
  package static let versions = ["3", "3.0", "3.1"]

  /// One method of one path. Texts called JSON are written as they are.
  package struct Operation: Sendable {
    package var id: String
    package var summary: String
    package var method: HTTPMethod
    package var pattern: String
    /// The parameters beside those of the path, each as JSON.
    package var parameters: [String] = []
    /// The body, as JSON; nil where there is none.
    package var body: String?
    /// What it answers, as JSON, by status, in their order.
    package var answers: [(status: Int, json: String)] = []

    package init(id: String, summary: String, method: HTTPMethod, pattern: String) {
      self.id = id
      self.summary = summary
      self.method = method
      self.pattern = pattern
    }
  }

  private let title: String
  private let version: String
  private let components: String
  private let security: String

  /// - Parameters:
  ///   - version: Of the service.
  ///   - components: As JSON.
  ///   - security: As JSON: which of the security schemes of the components a request may have.
  package init(title: String, version: String, components: String, security: String) {
    self.title = title
    self.version = version
    self.components = components
    self.security = security
  }

  /// Throws ``RequestFault`` with 404 where a request asks for a document of another version.
  package static func checkVersion(_ request: HTTPRequest) throws(RequestFault) {
    guard let wanted = request.arguments.first(where: { $0.name == "version" })?.value,
      !versions.contains(wanted)
    else { return }
    throw RequestFault(
      .notFound, "there is no such document of version \(wanted.quoted); it is in OpenAPI 3.1")
  }

  /// The document with `operations`, of which those of one path follow each other.
  package func bytes(_ operations: [Operation]) -> [UInt8] {
    var writer = JSONWriter(reserving: 16 << 10)
    writer.beginObject()
    writer.key("openapi")
    writer.text("3.1.0")
    writer.key("info")
    writer.beginObject()
    writer.key("title")
    writer.text(title)
    writer.key("version")
    writer.text(version)
    writer.endObject()
    writer.key("components")
    writer.raw(components)
    writer.key("security")
    writer.raw(security)
    writer.key("paths")
    writer.beginObject()
    var open: String?
    for operation in operations {
      if operation.pattern != open {
        if open != nil { writer.endObject() }
        open = operation.pattern
        writer.key(named: operation.pattern)
        writer.beginObject()
      }
      writer.key(named: operation.method.description.lowercased())
      write(operation, &writer)
    }
    if open != nil { writer.endObject() }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private func write(_ operation: Operation, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("operationId")
    writer.text(operation.id)
    writer.key("summary")
    writer.text(operation.summary)
    writer.key("parameters")
    writer.beginArray()
    for part in operation.pattern.split(separator: "/") where part.hasPrefix("{") {
      writer.raw(
        "{\"name\":\"\(part.dropFirst().dropLast())\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"
      )
    }
    for parameter in operation.parameters { writer.raw(parameter) }
    writer.endArray()
    if let body = operation.body {
      writer.key("requestBody")
      writer.raw(body)
    }
    writer.key("responses")
    writer.beginObject()
    for answer in operation.answers {
      writer.key(named: String(answer.status))
      writer.raw(answer.json)
    }
    writer.endObject()
    writer.endObject()
  }

  /// An answer or a body whose JSON is a schema of the components.
  package static func json(_ schema: String) -> String {
    "{\"description\":\"\(schema).\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/\(schema)\"}}}}"
  }
}
