import Files
import Foundation
import HTTPLoad
import Telemetry
import WindowStore
import Wording

/// Writes the requests of the stream and reads their answers, in the Open Inference Protocol v2 with binary tensors: a score is the same
/// double on both sides.
package struct StreamRequest: Sendable {
  private let target: LoadTarget
  private let headers: [UInt8]
  /// Whether rows say which windows they are of, and have a tensor a column: scripts are given windows, not features.
  private let sendsWindows: Bool

  /// - Parameters:
  ///   - target: The URL of `infer` of the model that takes rows of many devices.
  ///   - key: Sent as `Authorization: Bearer`; nil for none.
  package init(_ target: LoadTarget, key: String?, sendsWindows: Bool) {
    self.target = target
    self.sendsWindows = sendsWindows
    var text = "POST \(target.path) HTTP/1.1\r\nHost: \(target.authority)\r\nUser-Agent: sonde-stream\r\n"
    text += "Content-Type: application/octet-stream\r\n"
    if let key { text += "Authorization: Bearer \(key)\r\n" }
    headers = Array(text.utf8)
  }

  /// The bytes of the request for `rows`, which its answer names by `id`.
  package func bytes(_ group: StreamRequestRows, id: String) -> [UInt8] {
    let rows = group.rows
    var inputs: [String] = []
    var binary: [UInt8] = []
    func tensor(_ name: String, _ type: String, _ shape: String, _ write: (inout [UInt8]) -> Void) {
      let start = binary.count
      write(&binary)
      inputs.append(
        #"{"name":\#(Self.quoted(name)),"datatype":"\#(type)","shape":[\#(shape)],"parameters":{"binary_data_size":\#(binary.count - start)}}"#
      )
    }
    tensor("device", "BYTES", "\(rows.count)") { bytes in
      for row in rows { Self.append(row.device, to: &bytes) }
    }
    if rows.contains(where: { $0.sensor != nil }) {
      tensor("sensor", "BYTES", "\(rows.count)") { bytes in
        for row in rows { Self.append(row.sensor ?? "", to: &bytes) }
      }
    }
    if sendsWindows {
      tensor("window_start_ms", "INT64", "\(rows.count)") { bytes in
        for row in rows { Self.append(UInt64(bitPattern: row.key.start.milliseconds), to: &bytes) }
      }
      tensor("window_end_ms", "INT64", "\(rows.count)") { bytes in
        for row in rows { Self.append(UInt64(bitPattern: row.end.milliseconds), to: &bytes) }
      }
      for (column, name) in group.columns.enumerated() {
        tensor(name, "FP64", "\(rows.count)") { bytes in
          for row in rows { Self.append(row.values[column].bitPattern, to: &bytes) }
        }
      }
    } else {
      tensor("features", "FP64", "\(rows.count),\(group.columns.count)") { bytes in
        for row in rows { for value in row.values { Self.append(value.bitPattern, to: &bytes) } }
      }
    }
    let json = Array(
      #"{"id":"\#(id)","inputs":[\#(inputs.joined(separator: ","))],"parameters":{"binary_data_output":true}}"#
        .utf8)
    var request = headers
    request +=
      "x-request-id: \(id)\r\nInference-Header-Content-Length: \(json.count)\r\nContent-Length: \(json.count + binary.count)\r\n\r\n"
      .utf8
    return request + json + binary
  }

  /// Names of columns are made of ids and need no escapes; those of a model file may be anything.
  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A text of a binary tensor has its length in four bytes before it.
  private static func append(_ text: String, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text.utf8)
  }
}

/// An answer that cannot be taken for one.
package struct StreamAnswerFault: Error, CustomStringConvertible {
  package let description: String
}

/// The scores in an answer.
package struct StreamAnswer: Sendable {
  /// A row each.
  package let results: [StreamScoreStore.Outcome.Result]

  private struct Head: Decodable {
    struct Output: Decodable {
      struct Parameters: Decodable {
        var binaryDataSize: Int?

        enum CodingKeys: String, CodingKey { case binaryDataSize = "binary_data_size" }
      }

      var name: String
      var datatype: String
      var shape: [Int]
      var parameters: Parameters?
    }

    var id: String?
    var modelVersion: String?
    var outputs: [Output]

    enum CodingKeys: String, CodingKey {
      case id, outputs
      case modelVersion = "model_version"
    }
  }

  /// Reads the body of an answer with the status 200. Throws ``StreamAnswerFault`` where it is not the answer to the request called `id`, of
  /// `count` rows.
  package init(_ body: [UInt8], jsonLength: Int?, id: String, count: Int) throws(StreamAnswerFault) {
    func fault(_ text: String) -> StreamAnswerFault { StreamAnswerFault(description: text) }
    guard let jsonLength, jsonLength <= body.count,
      let head = try? JSONDecoder().decode(Head.self, from: Data(body[..<jsonLength]))
    else { throw fault("the answer is not JSON of the Open Inference Protocol with binary tensors") }
    guard head.id == id else {
      throw fault("the answer is to the request \((head.id ?? "").quoted), not to \(id.quoted)")
    }
    var offset = jsonLength
    var scores: [Double]?
    var predictions: [Int64]?
    var versions: [String]?
    for output in head.outputs {
      guard let size = output.parameters?.binaryDataSize, size >= 0, size <= body.count - offset,
        output.shape == [count]
      else { throw fault("the tensor \(output.name.quoted) is not of \(count) rows") }
      let bytes = body[offset..<offset + size]
      offset += size
      switch (output.name, output.datatype) {
      case ("score", "FP64"):
        scores = try Self.words(bytes, count).map { Double(bitPattern: $0) }
      case ("prediction", "INT64"): predictions = try Self.words(bytes, count).map(Int64.init(bitPattern:))
      case ("model_version", "BYTES"): versions = try Self.texts(bytes, count)
      default: break
      }
    }
    guard let scores, let predictions else { throw fault("the answer has no scores or no predictions") }
    let version = head.modelVersion
    var results: [StreamScoreStore.Outcome.Result] = []
    for row in 0..<count {
      guard scores[row].isFinite, predictions[row] == 0 || predictions[row] == 1 else {
        throw fault(
          "row \(row) of the answer has the score \(scores[row]) and the prediction \(predictions[row])")
      }
      results.append(
        .scored(
          score: scores[row], isAnomaly: predictions[row] == 1,
          modelVersion: versions?[row] ?? version ?? ""))
    }
    self.results = results
  }

  private static func words(_ bytes: ArraySlice<UInt8>, _ count: Int) throws(StreamAnswerFault) -> [UInt64] {
    guard bytes.count == count * 8 else {
      throw StreamAnswerFault(description: "a tensor of \(count) rows has \(bytes.count) bytes")
    }
    return bytes.withUnsafeBytes { raw in
      (0..<count).map { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
  }

  private static func texts(_ bytes: ArraySlice<UInt8>, _ count: Int) throws(StreamAnswerFault) -> [String] {
    var texts: [String] = []
    var rest = bytes
    while !rest.isEmpty {
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 4, length <= rest.count - 4 else { break }
      texts.append(String(decoding: rest.dropFirst(4).prefix(length), as: UTF8.self))
      rest = rest.dropFirst(4 + length)
    }
    guard rest.isEmpty, texts.count == count else {
      throw StreamAnswerFault(description: "a tensor of texts is not of \(count) rows")
    }
    return texts
  }
}
