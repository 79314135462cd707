import Files
import HTTP
import Wording

/// The tensors of an answer, and how they are written.
enum InferenceOutput: String, CaseIterable, Hashable, Sendable {
  /// FP64: the decision value, below zero for an outlier.
  case score
  /// INT64: 1 for an anomaly, else 0, as in prediction files.
  case prediction
  /// BYTES: which model has scored a row. Only where rows can be of different models.
  case modelVersion = "model_version"

  var type: TensorType {
    switch self {
    case .score: .fp64
    case .prediction: .int64
    case .modelVersion: .bytes
    }
  }
}

/// The answer to a request to infer.
struct InferenceAnswer {
  let request: InferenceRequest
  /// The name that the request asked for.
  let model: String
  let scores: RequestScores
  /// Whether the rows could be of different models.
  let hasVersions: Bool

  /// The answer over HTTP: JSON, with binary tensors behind it where the request wants them. Throws ``RequestFault`` where it asks for a
  /// tensor that there is not.
  func answer() throws(RequestFault) -> HTTPAnswer {
    let chosen = try chosenOutputs()
    var binary: [UInt8] = []
    var writer = JSONWriter(reserving: 192 + 28 * scores.scores.count)
    writer.beginObject()
    writer.key("model_name")
    writer.text(model)
    if let version = scores.version {
      writer.key("model_version")
      writer.text(version)
    }
    if let id = request.id {
      writer.key("id")
      writer.text(id)
    }
    writer.key("outputs")
    writer.beginArray()
    for (output, isBinary) in chosen {
      writer.beginObject()
      writer.key("name")
      writer.text(output.rawValue)
      writer.key("datatype")
      writer.text(output.type.rawValue)
      writer.key("shape")
      writer.beginArray()
      writer.number(scores.scores.count)
      writer.endArray()
      if isBinary {
        let start = binary.count
        append(output, to: &binary)
        writer.key("parameters")
        writer.beginObject()
        writer.key("binary_data_size")
        writer.number(binary.count - start)
        writer.endObject()
      } else {
        writer.key("data")
        writer.beginArray()
        write(output, to: &writer)
        writer.endArray()
      }
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    guard chosen.contains(where: \.isBinary) else { return .json(writer.bytes) }
    var answer = HTTPAnswer(type: "application/octet-stream", body: writer.bytes + binary)
    answer.headers.add(InferenceRequest.jsonLengthHeader, String(writer.bytes.count))
    return answer
  }

  private func chosenOutputs() throws(RequestFault) -> [(output: InferenceOutput, isBinary: Bool)] {
    guard let outputs = request.outputs, !outputs.isEmpty else {
      return InferenceOutput.allCases.filter { $0 != .modelVersion || hasVersions }
        .map { ($0, request.prefersBinary) }
    }
    var chosen: [(InferenceOutput, Bool)] = []
    for wanted in outputs {
      guard let output = InferenceOutput(rawValue: wanted.name) else {
        throw RequestFault(
          "there is no output \(wanted.name.quoted); there are \(InferenceOutput.allCases.map(\.rawValue).listed)"
        )
      }
      chosen.append((output, wanted.isBinary ?? request.prefersBinary))
    }
    return chosen
  }

  private func write(_ output: InferenceOutput, to writer: inout JSONWriter) {
    switch output {
    case .score: for score in scores.scores { writer.number(score) }
    case .prediction:
      for row in scores.scores.indices { writer.number(scores.prediction(ofRow: row)) }
    case .modelVersion: for row in scores.scores.indices { writer.text(scores.version(ofRow: row)) }
    }
  }

  private func append(_ output: InferenceOutput, to bytes: inout [UInt8]) {
    switch output {
    case .score: for score in scores.scores { BinaryTensor.append(score, to: &bytes) }
    case .prediction:
      for row in scores.scores.indices {
        BinaryTensor.append(Int64(scores.prediction(ofRow: row)), to: &bytes)
      }
    case .modelVersion:
      for row in scores.scores.indices { BinaryTensor.append(scores.version(ofRow: row), to: &bytes) }
    }
  }
}
