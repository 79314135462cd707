import Files
import HTTP
import Wording

/// What the Open Inference Protocol says of a server and its models.
struct ModelDescription {
  private let name: String
  private let versions: [String]
  /// Nil for the endpoint, whose rows say of which device they are.
  private let features: [String]?

  /// The model called `name`, or the endpoint. Throws ``RequestFault`` where there is none, or none of `version`.
  init(of name: String, version: String?, in endpoint: ServedEndpoint) throws(RequestFault) {
    self.name = name
    let models = endpoint.deployments.compactMap { $0.models[name] }
    if let first = models.first {
      let all = models.map(\.function.version)
      versions =
        version.map { [$0] } ?? all.enumerated().filter { all.firstIndex(of: $1) == $0 }.map(\.element)
      features = first.function.featureNames
      guard version.map(all.contains) ?? true else {
        throw RequestFault(
          .notFound, "the model \(name) has no version \((version ?? "").quoted); it has \(all.listed)")
      }
      return
    }
    guard name == endpoint.name, version == nil else {
      if let deployment = endpoint.deployments.first { _ = try deployment.model(name) }
      throw RequestFault(.notFound, "there is no model \(name.quoted)")
    }
    versions = []
    features = nil
  }

  var readiness: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("name")
    writer.text(name)
    writer.key("ready")
    writer.bool(true)
    writer.endObject()
    return writer.bytes
  }

  var metadata: [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.key("name")
    writer.text(name)
    if !versions.isEmpty {
      writer.key("versions")
      writer.beginArray()
      for version in versions { writer.text(version) }
      writer.endArray()
    }
    writer.key("platform")
    writer.text("sonde_one_class_svm")
    writer.key("inputs")
    writer.beginArray()
    if features == nil { Self.tensor(RequestRows.deviceColumn, .bytes, [-1], &writer) }
    Self.tensor("features", .fp64, [-1, features?.count ?? -1], &writer)
    writer.endArray()
    writer.key("outputs")
    writer.beginArray()
    for output in InferenceOutput.allCases where output != .modelVersion || features == nil {
      Self.tensor(output.rawValue, output.type, [-1], &writer)
    }
    writer.endArray()
    if let features {
      writer.key("parameters")
      writer.beginObject()
      writer.key("features")
      writer.beginArray()
      for feature in features { writer.text(feature) }
      writer.endArray()
      writer.endObject()
    }
    writer.endObject()
    return writer.bytes
  }

  private static func tensor(_ name: String, _ type: TensorType, _ shape: [Int], _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("name")
    writer.text(name)
    writer.key("datatype")
    writer.text(type.rawValue)
    writer.key("shape")
    writer.beginArray()
    for length in shape { writer.number(length) }
    writer.endArray()
    writer.endObject()
  }

  static func server(version: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("name")
    writer.text("sonde")
    writer.key("version")
    writer.text(version)
    writer.key("extensions")
    writer.beginArray()
    writer.text("binary_tensor_data")
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  static func list(_ endpoint: ServedEndpoint) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("models")
    writer.beginArray()
    for name in endpoint.modelNames { writer.text(name) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
