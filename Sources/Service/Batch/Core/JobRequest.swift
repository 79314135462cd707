import BatchScoring
import Files
import Foundation
import HTTP
import Telemetry
import Wording

/// What a request says of a job that it wants started, in the words of Azure's batch endpoints. Pure: no file is looked at.
package struct JobRequest: Hashable, Sendable, Codable {
  /// What an input is said to be.
  package enum InputType: String, CaseIterable, Hashable, Sendable, Codable {
    case file = "UriFile"
    case folder = "UriFolder"
  }

  /// A setting of the deployment for this job alone.
  package struct Setting: Hashable, Sendable, Codable {
    /// As ``DeploymentSetting`` spells it.
    package var name: String
    package var value: String
  }

  /// The author's own name of the input, and of the output.
  package var inputName = "input"
  package var outputName = "score"
  package var inputType = InputType.folder
  /// As the request spells it.
  package var uri = ""
  package var input = InputReference.absolute([])
  /// Only windows that became visible after this, and not after that; literal inputs of these names.
  package var after: Timestamp?
  package var through: Timestamp?
  package var settings: [Setting] = []
  /// The nodes of the compute target; nil for what the endpoint says.
  package var instanceCount: Int?
  package var about: String?
  package var tags: [String: String] = [:]
  package var properties: [String: String] = [:]

  private static let keys = [
    "inputData", "outputData", "dataset", "outputDataset", "miniBatchSize", "errorThreshold", "retrySettings",
    "outputFileName", "loggingLevel", "maxConcurrencyPerInstance", "compute", "description", "displayName",
    "name", "experimentName", "tags", "properties",
  ]

  /// Reads the body of a request. Throws ``RequestFault`` with 400, with the place of what is wrong.
  package init(body: [UInt8]) throws(RequestFault) {
    let root = try BodyObject(try Self.json(body), at: "")
    // What Azure's clients send of a resource, and the service alone decides.
    try root.refuseOthers(than: ["properties", "id", "name", "type", "systemData"])
    guard let properties = try root.object("properties") else {
      throw RequestFault("the body lacks “properties”")
    }
    try properties.refuseOthers(than: Self.keys)
    try readInputs(properties)
    try readOutputs(properties)
    try readSettings(properties)
    about = try properties.text("description")
    for name in ["name", "displayName", "experimentName"] { _ = try properties.text(name) }
    tags = try properties.texts("tags")
    self.properties = try properties.texts("properties")
  }

  /// As Foundation reads it: it takes a comma before a closing bracket, which bodies in Azure's documentation have.
  private static func json(_ body: [UInt8]) throws(RequestFault) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(body))
    } catch {
      throw RequestFault("the body is not valid JSON")
    }
  }

  /// What is the same in every repetition of the request: a digest of its body, and of what else chooses the job. White space and the order
  /// of keys make no difference.
  package static func digest(of body: [UInt8], deployment: String?) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let plain = (try? JSONDecoder().decode(JSONValue.self, from: Data(body))).flatMap {
      try? encoder.encode($0)
    }
    return Digest.sha256(Array((deployment ?? "").utf8) + [0] + (plain.map(Array.init) ?? body))
  }

  // MARK: - Inputs

  private mutating func readInputs(_ properties: BodyObject) throws(RequestFault) {
    if let dataset = try properties.object("dataset") {
      guard properties.value("inputData") == nil else {
        throw RequestFault("inputData and dataset, its former name, exclude each other")
      }
      try readDataset(dataset)
      return
    }
    guard let inputs = try properties.object("inputData") else {
      throw RequestFault("properties lacks “inputData”: which windows are to be scored")
    }
    let names = inputs.names
    guard names.count <= BatchDefaults.mostInputs else {
      throw RequestFault("\(inputs.place): \(names.count) inputs are too many")
    }
    var found: String?
    for name in names {
      guard let input = try inputs.object(name) else { continue }
      try input.refuseOthers(than: ["jobInputType", "uri", "value", "mode", "description"])
      let type = try input.text("jobInputType") ?? InputType.folder.rawValue
      if type.lowercased() == "literal" || type.lowercased() == "string" {
        try readLiteral(name, input)
        continue
      }
      guard let known = InputType.allCases.first(where: { $0.rawValue.lowercased() == type.lowercased() })
      else {
        throw RequestFault(
          "\(input.at("jobInputType")): expected UriFolder, UriFile or Literal, found \(type.quoted)")
      }
      guard let uri = try input.text("uri") else { throw RequestFault("\(input.place) lacks “uri”") }
      _ = try input.text("mode")
      if let found {
        throw RequestFault(
          "\(inputs.place): a job has one input, and there are \(found.quoted) and \(name.quoted)")
      }
      found = name
      (inputName, inputType, self.uri) = (name, known, uri)
      self.input = try InputReference(uri)
    }
    guard found != nil else {
      throw RequestFault(
        "\(inputs.place): no input is a folder or a file; jobInputType is UriFolder or UriFile")
    }
  }

  private mutating func readLiteral(_ name: String, _ input: BodyObject) throws(RequestFault) {
    let (value, uri) = (try input.text("value"), try input.text("uri"))
    guard let text = value ?? uri, let time = Timestamp(iso8601: text) else {
      throw RequestFault("\(input.place): expected a time such as 2026-01-01T12:00:00Z as its value")
    }
    switch name.lowercased() {
    case "after": after = time
    case "through": through = time
    default: throw RequestFault("\(input.place): literal inputs are called after and through")
    }
  }

  /// The form before `inputData`, which older pages of Azure's documentation have.
  private mutating func readDataset(_ dataset: BodyObject) throws(RequestFault) {
    try dataset.refuseOthers(than: ["dataInputType", "path", "datasetId", "datasetName", "datasetVersion"])
    switch try dataset.text("dataInputType")?.lowercased() {
    case "dataurl": uri = try dataset.text("path") ?? ""
    case "datasetid": uri = try dataset.text("datasetId") ?? ""
    case "datasetversion":
      let version = try dataset.numberOrText("datasetVersion").map { ":\($0)" } ?? ""
      uri = "azureml:\(try dataset.text("datasetName") ?? "")\(version)"
    default:
      throw RequestFault("\(dataset.at("dataInputType")): expected DataUrl, DatasetId or DatasetVersion")
    }
    inputName = "dataset"
    input = try InputReference(uri)
  }

  // MARK: - Outputs

  /// Where predictions go is the server's business. What a request says of it is checked for its form, and its name taken.
  private mutating func readOutputs(_ properties: BodyObject) throws(RequestFault) {
    if let dataset = try properties.object("outputDataset") {
      try dataset.refuseOthers(than: ["datastoreId", "path"])
      for name in ["datastoreId", "path"] { _ = try dataset.text(name) }
    }
    guard let outputs = try properties.object("outputData") else { return }
    let names = outputs.names
    guard names.count <= 1 else { throw RequestFault("\(outputs.place): a job has one output") }
    for name in names {
      guard let output = try outputs.object(name) else { continue }
      try output.refuseOthers(than: ["jobOutputType", "uri", "mode", "description"])
      let type = try output.text("jobOutputType") ?? "UriFile"
      guard ["urifile", "urifolder"].contains(type.lowercased()) else {
        throw RequestFault(
          "\(output.at("jobOutputType")): expected UriFile or UriFolder, found \(type.quoted)")
      }
      for name in ["uri", "mode"] { _ = try output.text(name) }
      outputName = name
    }
  }
}
