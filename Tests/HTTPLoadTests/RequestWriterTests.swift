import Foundation
import HTTPLoad
import Testing

/// What leaves for a service, byte by byte.
@Suite struct RequestWriterTests {
  /// A request, taken apart.
  private struct Sent {
    var line: String
    var headers: [String: String]
    var body: [UInt8]

    init(_ writer: RequestWriter, _ number: Int) throws {
      var bytes: [UInt8] = []
      var scratch: [UInt8] = []
      writer.write(number, to: &bytes, scratch: &scratch)
      let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
      let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
      line = lines[0]
      headers = [:]
      for header in lines.dropFirst() {
        let parts = header.components(separatedBy: ": ")
        #expect(parts.count == 2 && headers[parts[0]] == nil, "\(header)")
        headers[parts[0]] = parts[1]
      }
      body = Array(bytes[end.upperBound...])
      #expect(headers["Content-Length"] == "\(body.count)")
      #expect(headers["x-request-id"].map { Array($0.utf8) } == writer.id(of: number))
    }

    /// The numbers of the first input of an inference. JSONSerialization is off by a last digit now and then.
    var numbers: [Double]? {
      get throws {
        struct Inference: Decodable {
          struct Input: Decodable { var data: [Double]? }
          var inputs: [Input]
        }
        return try JSONDecoder().decode(Inference.self, from: Data(body)).inputs.first?.data
      }
    }

    func json(_ length: Int? = nil) throws -> [String: Any] {
      let data = Data(body.prefix(length ?? body.count))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
  }

  private func target(_ path: String) throws -> LoadTarget { try LoadTarget("http://127.0.0.1:8080\(path)") }

  private func writer(
    _ spoken: ScoringProtocol, rows: Int = 3, width: Int = 4, isBinary: Bool = false, path: String? = nil,
    headers: RequestWriter.Headers = RequestWriter.Headers()
  ) throws -> RequestWriter {
    try RequestWriter(
      .rows(.madeUp(width: width, seed: 7), perRequest: rows, spoken, isBinary: isBinary),
      to: target(path ?? (spoken == .azure ? "/score" : "/v2/models/m/infer")), headers: headers,
      session: "s")
  }

  @Test func anInferenceIsATensorOfRows() throws {
    let rows = try RequestRows.madeUp(width: 4, seed: 7)
    let writer = try writer(.oip)
    for number in [0, 1, 5, 100_000] {
      let sent = try Sent(writer, number)
      #expect(sent.line == "POST /v2/models/m/infer HTTP/1.1")
      #expect(sent.headers["Host"] == "127.0.0.1:8080")
      #expect(sent.headers["Content-Type"] == "application/json")
      #expect(sent.headers["Inference-Header-Content-Length"] == nil)
      let json = try sent.json()
      #expect(json["id"] as? String == "s-\(number)")
      let inputs = try #require(json["inputs"] as? [[String: Any]])
      #expect(inputs.count == 1)
      #expect(inputs[0]["name"] as? String == "features" && inputs[0]["datatype"] as? String == "FP64")
      #expect(inputs[0]["shape"] as? [Int] == [3, 4])
      let group = rows.groups[0]
      let expected = (0..<3).flatMap { Array(group.row((number * 3 + $0) % group.count)) }
      #expect(try sent.numbers == expected)
    }
  }

  @Test func binaryTensorsFollowTheJSON() throws {
    let text = try Sent(try writer(.oip), 2)
    let sent = try Sent(try writer(.oip, isBinary: true), 2)
    #expect(sent.headers["Content-Type"] == "application/octet-stream")
    let length = try #require(sent.headers["Inference-Header-Content-Length"].flatMap { Int($0) })
    let json = try sent.json(length)
    #expect((json["parameters"] as? [String: Any])?["binary_data_output"] as? Bool == true)
    let input = try #require((json["inputs"] as? [[String: Any]])?.first)
    #expect(input["data"] == nil && input["shape"] as? [Int] == [3, 4])
    #expect((input["parameters"] as? [String: Any])?["binary_data_size"] as? Int == 96)
    let raw = Array(sent.body[length...])
    #expect(raw.count == 96)
    let values = stride(from: 0, to: 96, by: 8).map { place in
      Double(bitPattern: (0..<8).reduce(0) { $0 | UInt64(raw[place + $1]) << (8 * $1) })
    }
    #expect(try text.numbers == values)
  }

  @Test func azureHasRowsWithoutNamesAsData() throws {
    let sent = try Sent(
      try writer(.azure, headers: RequestWriter.Headers(key: "k3y", deployment: "blue")), 0)
    #expect(sent.line == "POST /score HTTP/1.1")
    #expect(sent.headers["Authorization"] == "Bearer k3y")
    #expect(sent.headers["azureml-model-deployment"] == "blue")
    let data = try #require(try sent.json()["data"] as? [[Double]])
    #expect(data.count == 3 && data.allSatisfy { $0.count == 4 })
  }

  @Test func idsAndRowsGoOnWithTheNumber() throws {
    let writer = try writer(.oip, rows: 1)
    var ids: Set<[UInt8]> = []
    for number in 0..<1000 { ids.insert(writer.id(of: number)) }
    #expect(ids.count == 1000)
    var first: [UInt8] = []
    var again: [UInt8] = []
    var scratch: [UInt8] = []
    writer.write(17, to: &first, scratch: &scratch)
    writer.write(18, to: &again, scratch: &scratch)
    #expect(first != again)
    writer.write(17, to: &again, scratch: &scratch)
    #expect(first == again)
  }

  @Test func aFileIsSentAsItIs() throws {
    let body: [UInt8] = [0, 1, 0xFF, 0x0D, 0x0A]
    let writer = try RequestWriter(.file(body, rows: 5), to: target("/predict"), session: "s")
    #expect(writer.rowsPerRequest == 5 && writer.check == .header)
    let sent = try Sent(writer, 3)
    #expect(sent.body == body && sent.line == "POST /predict HTTP/1.1")
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    func refuses(_ body: () throws -> RequestWriter) { #expect(throws: HTTPLoadError.self) { try body() } }
    refuses { try writer(.azure, isBinary: true) }
    refuses { try writer(.oip, rows: 0) }
    refuses { try writer(.oip, rows: 100_001) }
    refuses { try writer(.oip, width: 0) }
    refuses { try writer(.oip, path: "/v2/models/{model}/infer") }
    refuses { try RequestWriter(.file([], rows: 1), to: target("/{model}"), session: "s") }
    refuses { try writer(.oip, headers: RequestWriter.Headers(key: "a\r\nb")) }
    refuses { try writer(.oip, headers: RequestWriter.Headers(deployment: "a b")) }
    let error = #expect(throws: HTTPLoadError.self) {
      try writer(.oip, headers: RequestWriter.Headers(key: "secret key"))
    }
    #expect(error?.description.contains("secret") == false)
  }
}
