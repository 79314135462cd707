import Foundation

/// A request in the Open Inference Protocol v2 with binary tensors, read by what the protocol's text says and nothing of the program.
struct InferenceRequest {
  struct Tensor {
    var name: String
    var datatype: String
    var shape: [Int]
    var bytes: [UInt8]

    private func word(_ place: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
    }

    /// Eight bytes each, the lowest first.
    var words: [UInt64] { stride(from: 0, to: bytes.count, by: 8).map { word($0, 8) } }
    /// A length of four bytes, and as many of UTF-8.
    var texts: [String] {
      var texts: [String] = []
      var place = 0
      while place + 4 <= bytes.count {
        let end = place + 4 + Int(word(place, 4))
        guard end <= bytes.count else { return [] }
        texts.append(String(decoding: bytes[(place + 4)..<end], as: UTF8.self))
        place = end
      }
      return texts
    }
  }

  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  var line = ""
  /// Names in lower case.
  var headers: [String: String]
  var json: [String: Any]
  var tensors: [Tensor] = []

  var id: String { json["id"] as? String ?? "" }
  subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  /// Reads a request as it goes over a connection.
  init(bytes: [UInt8]) throws {
    let end = Array("\r\n\r\n".utf8)
    guard let head = bytes.firstRange(of: end) else { throw Unreadable(description: "there is no head") }
    var lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let line = lines.removeFirst()
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.range(of: ": ") else { throw Unreadable(description: "a header: \(line)") }
      headers[line[..<colon.lowerBound].lowercased()] = String(line[colon.upperBound...])
    }
    let body = Array(bytes[head.upperBound...])
    guard headers["content-length"] == "\(body.count)" else {
      throw Unreadable(description: "a body of \(body.count) bytes, and other words on it: \(headers)")
    }
    try self.init(headers: headers, body: body)
    self.line = line
  }

  init(headers: [String: String], body: [UInt8]) throws {
    guard let length = headers["inference-header-content-length"].flatMap({ Int($0) }), length <= body.count,
      let json = try JSONSerialization.jsonObject(with: Data(body[..<length])) as? [String: Any],
      let inputs = json["inputs"] as? [[String: Any]]
    else { throw Unreadable(description: "there is no JSON: \(headers)") }
    self.headers = headers
    self.json = json
    var place = length
    for input in inputs {
      guard let name = input["name"] as? String, let datatype = input["datatype"] as? String,
        let shape = input["shape"] as? [Int],
        let size = (input["parameters"] as? [String: Any])?["binary_data_size"] as? Int,
        place + size <= body.count
      else { throw Unreadable(description: "an input: \(input)") }
      tensors.append(
        Tensor(
          name: name, datatype: datatype, shape: shape, bytes: Array(body[place..<(place + size)])))
      place += size
    }
    guard place == body.count else { throw Unreadable(description: "\(body.count - place) bytes too many") }
  }
}

/// An answer of a scoring service, written by the protocol's text, for tests to damage.
struct InferenceAnswer {
  struct Output {
    var name: String
    var datatype: String
    var shape: [Int]
    var bytes: [UInt8]
    /// What the JSON says of its length; nil where it says what is true.
    var size: Int?
  }

  var id: String
  var modelVersion: String?
  var outputs: [Output]

  init(id: String, scores: [Double], predictions: [Int64]? = nil, versions: [String]? = nil) {
    self.id = id
    let count = scores.count
    let predictions = predictions ?? scores.map { $0 < 0 ? 1 : 0 }
    outputs = [
      Output(
        name: "score", datatype: "FP64", shape: [count],
        bytes: scores.flatMap { Self.bytes($0.bitPattern) }),
      Output(
        name: "prediction", datatype: "INT64", shape: [count],
        bytes: predictions.flatMap { Self.bytes(UInt64(bitPattern: $0)) }),
    ]
    if let versions {
      outputs.append(
        Output(
          name: "model_version", datatype: "BYTES", shape: [count],
          bytes: versions.flatMap { Array(Self.bytes(UInt64($0.utf8.count)).prefix(4)) + Array($0.utf8) }))
    }
  }

  private static func bytes(_ word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
  }

  /// The body, and how much of it is JSON.
  var body: (bytes: [UInt8], jsonLength: Int) {
    let list = outputs.map { output in
      #"{"name":"\#(output.name)","datatype":"\#(output.datatype)","shape":\#(output.shape),"#
        + #""parameters":{"binary_data_size":\#(output.size ?? output.bytes.count)}}"#
    }
    let version = modelVersion.map { #""model_version":"\#($0)","# } ?? ""
    let json = Array(
      #"{"model_name":"models",\#(version)"id":"\#(id)","outputs":[\#(list.joined(separator: ","))]}"#.utf8)
    return (json + outputs.flatMap(\.bytes), json.count)
  }

  /// As it goes over a connection.
  var message: [UInt8] {
    let (bytes, jsonLength) = body
    let head =
      "HTTP/1.1 200 OK\r\nInference-Header-Content-Length: \(jsonLength)\r\nContent-Length: \(bytes.count)\r\n\r\n"
    return Array(head.utf8) + bytes
  }
}

/// Doubles in which a slip of the pen shows.
let hardDoubles: [Double] = [
  5e-324, -5e-324, -0.0, 0, 1e308, -1e308, .greatestFiniteMagnitude, .leastNormalMagnitude, 0.1, 1 / 3, -.pi,
  2.2250738585072011e-308,
]
