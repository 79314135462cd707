import Files
import Foundation
import HTTP
import OneClassSVM
import RealTimeScoring
import TestSupport
import Testing

/// The Open Inference Protocol v2: what clients of KServe and Triton ask, and what comes back.
@Suite struct OpenInferenceTests {
  /// Two devices, `a` and `b`, and a service over them.
  private func withService(
    _ body: (ServiceFixture, [String: OneClassModel]) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let models = [
        "a": try ServiceFixture.writeModel("a", in: folder, seed: 1),
        "b": try ServiceFixture.writeModel("b", in: folder, seed: 2),
      ]
      let fixture = try ServiceFixture(.models(in: folder), folder: folder)
      try await body(fixture, models)
    }
  }

  private func tensor(_ rows: [[Double]], extra: String = "") -> String {
    let data = rows.flatMap { $0 }.map { "\($0)" }.joined(separator: ",")
    return
      "{\"name\":\"x\",\"shape\":[\(rows.count),\(rows.first?.count ?? 0)],\"datatype\":\"FP64\",\"data\":[\(data)]\(extra)}"
  }

  private func request(_ inputs: String..., more: String = "") -> String {
    "{\"inputs\":[\(inputs.joined(separator: ","))]\(more)}"
  }

  private let rows = ServiceFixture.rows(20, seed: 9) + [[1000, -1000, 0]]

  @Test func scoresAreThoseOfTheModelToTheLastBit() async throws {
    try await withService { fixture, models in
      let expected = try #require(models["a"]).decisionValues(of: FeatureMatrix(rows: rows))
      let answer = await fixture.ask(
        .post, "/v2/models/a/infer", request(tensor(rows), more: ",\"id\":\"seven \\u00e9\""))
      #expect(answer.status == .ok)
      #expect(answer.json["model_name"] as? String == "a")
      #expect(answer.json["model_version"] as? String == models["a"]?.version)
      #expect(answer.json["id"] as? String == "seven é")
      #expect(answer.scores?.map(\.bitPattern) == expected.map(\.bitPattern))
      #expect(answer.output("prediction") as? [Int] == expected.map { $0 <= 0 ? 1 : 0 })
      #expect(expected.contains { $0 <= 0 } && expected.contains { $0 > 0 })
      #expect(answer.output("model_version") == nil)
    }
  }

  @Test func tensorsMayBeNestedOrAFeatureEachOrInAnyOrder() async throws {
    try await withService { fixture, models in
      let expected = try #require(models["a"]).decisionValues(of: FeatureMatrix(rows: Array(rows.prefix(2))))
      let (first, second) = (rows[0], rows[1])
      func feature(_ index: Int) -> String {
        "{\"data\":[\(first[index]),\(second[index])],\"datatype\":\"FP64\",\"shape\":[2,1],\"name\":\"\(ServiceFixture.features[index])\"}"
      }
      let bodies = [
        request("{\"name\":\"x\",\"shape\":[2,3],\"datatype\":\"FP64\",\"data\":[\(first),\(second)]}"),
        request(
          "{\"data\":[[[\(first[0]),\(first[1]),\(first[2])]],\(second)],\"shape\":[2,3],\"datatype\":\"FP64\",\"name\":\"x\"}"
        ),
        request(feature(2), feature(0), feature(1)),
        " \n"
          + request(
            tensor([first, second], extra: ",\"parameters\":{\"unknown\":[1,{}]}"), more: ",\"parameters\":{}"
          ) + " ",
      ]
      for body in bodies {
        let answer = await fixture.ask(.post, "/v2/models/a/infer", body)
        #expect(answer.scores == expected, "\(body): \(answer.text)")
      }
    }
  }

  @Test func rowsOfManyDevicesGoToTheEndpointsName() async throws {
    try await withService { fixture, models in
      let names = ["a", "a", "b", "a", "b"]
      let some = Array(rows.prefix(5))
      let devices =
        "{\"name\":\"device\",\"shape\":[5],\"datatype\":\"BYTES\",\"data\":[\"a\",\"a\",\"b\",\"a\",\"b\"]}"
      let answer = await fixture.ask(.post, "/v2/models/models/infer", request(tensor(some), devices))
      let expected = try zip(names, some).map { name, row in
        try #require(models[name]).decisionValues(of: FeatureMatrix(rows: [row]))[0]
      }
      #expect(answer.scores == expected, "\(answer.text)")
      #expect(answer.output("model_version") as? [String] == names.map { models[$0]!.version })
      #expect(answer.json["model_version"] == nil)
      let none = await fixture.ask(.post, "/v2/models/models/infer", request(tensor(some)))
      #expect(none.status == .badRequest && none.text.contains("device"))
      let unknown = await fixture.ask(
        .post, "/v2/models/models/infer",
        request(tensor(some), devices.replacing("\"b\",\"a\",\"b\"", with: "\"b\",\"c\",\"b\"")))
      #expect(unknown.status == .badRequest && unknown.text.contains("row 3") && unknown.text.contains("“c”"))
      let wrong = await fixture.ask(.post, "/v2/models/a/infer", request(tensor(some), devices))
      #expect(wrong.status == .badRequest && wrong.text.contains("row 2 is of “b”"), "\(wrong.text)")
    }
  }

  @Test func binaryTensorsGoBothWays() async throws {
    try await withService { fixture, models in
      let expected = try #require(models["a"]).decisionValues(of: FeatureMatrix(rows: rows))
      var raw: [UInt8] = []
      for value in rows.joined() { withUnsafeBytes(of: value.bitPattern.littleEndian) { raw += $0 } }
      let json =
        "{\"id\":\"b\",\"inputs\":[{\"name\":\"x\",\"shape\":[\(rows.count),3],\"datatype\":\"FP64\",\"parameters\":{\"binary_data_size\":\(raw.count)}}],"
        + "\"outputs\":[{\"name\":\"score\",\"parameters\":{\"binary_data\":true}},{\"name\":\"prediction\"}]}"
      func ask(_ length: String?, _ body: [UInt8]) async -> HTTPAnswer {
        var request = HTTPRequest(.post, "/v2/models/a/infer", body: body)
        if let length { request.headers.add("Inference-Header-Content-Length", length) }
        return await fixture.ask(request)
      }
      let answer = await ask(String(json.utf8.count), Array(json.utf8) + raw)
      let length = try #require(answer.headers["inference-header-content-length"].flatMap { Int($0) })
      let head = HTTPAnswer(.ok, body: Array(answer.body.prefix(length)))
      #expect(head.json["id"] as? String == "b")
      #expect(head.output("prediction") as? [Int] == expected.map { $0 <= 0 ? 1 : 0 })
      let scores = answer.body.dropFirst(length)
      #expect(scores.count == 8 * rows.count)
      let bits = scores.withUnsafeBytes { bytes in
        rows.indices.map {
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
        }
      }
      #expect(bits == expected.map(\.bitPattern))
      for (length, body) in [
        (nil, Array(json.utf8) + raw), ("\(json.utf8.count)", Array(json.utf8) + raw.dropLast()),
        ("\(json.utf8.count)", Array(json.utf8) + raw + [0]), ("-1", Array(json.utf8) + raw),
        ("x", Array(json.utf8)),
        ("99999999999999999999", Array(json.utf8) + raw), ("\(json.utf8.count + 1)", Array(json.utf8) + raw),
      ] as [(String?, [UInt8])] {
        let answer = await ask(length, body)
        #expect(
          answer.status == .badRequest && answer.json["error"] is String, "\(length ?? "") \(body.count)")
      }
    }
  }

  @Test(arguments: [
    ("", "an object"), ("[]", "an object"), ("{}", "no inputs"), ("{\"inputs\":[]}", "no tensor"),
    ("{\"inputs\":[{}]}", "no name"), ("{\"inputs\":[{\"name\":\"x\"}]}", "no datatype"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\"}]}", "no shape"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3]}]}", "no data"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP65\",\"shape\":[1,3],\"data\":[1,2,3]}]}", "FP65"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,2]}]}", "2 elements"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,-3],\"data\":[1,2,3]}]}", "at least 0"),
    (
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1e9,1e9,1e9,1e9],\"data\":[1,2,3]}]}",
      "too large"
    ),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,2],\"data\":[1,2]}]}", "3 features"),
    (
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[3],\"data\":[1,2,3]}]}",
      "temperature.mean"
    ),
    (
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,null,3]}]}",
      "true or false"
    ),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,\"2\",3]}]}", "texts"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[1,3],\"data\":[1,2,300]}]}", "UINT8"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT32\",\"shape\":[1,3],\"data\":[1,2,0.5]}]}", "INT32"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,2,1e400]}]}", "byte"),
    ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,2,3]}]", "}"),
    (
      "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP64\",\"shape\":[1,3],\"data\":[1,2,3]}],\"outputs\":[{\"name\":\"y\"}]}",
      "score"
    ),
  ])
  func whatIsWrongIsSaid(body: String, words: String) async throws {
    try await withService { fixture, _ in
      let answer = await fixture.ask(.post, "/v2/models/a/infer", body)
      #expect(answer.status == .badRequest)
      let message = try #require(answer.json["error"] as? String, "\(answer.text)")
      #expect(message.contains(words), "\(message)")
      #expect(answer.json.count == 1)
    }
  }

  /// Whole numbers and short floats are the values that their types hold, as a client of numpy has them.
  @Test func dataTypesHoldWhatTheyHold() async throws {
    try await withService { fixture, models in
      for (type, written, held) in [
        ("FP32", "[10.1,20,30]", [Double(Float(10.1)), 20, 30]),
        ("FP16", "[10.1,20,30]", [10.1015625, 20, 30]),
        ("INT8", "[10,20,-30]", [10, 20, -30]), ("UINT16", "[10,20,65535]", [10, 20, 65535]),
        ("BOOL", "[true,false,1]", [1, 0, 1]),
      ] {
        let expected = try #require(models["a"]).decisionValues(of: FeatureMatrix(rows: [held]))
        let answer = await fixture.ask(
          .post, "/v2/models/a/infer",
          "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"\(type)\",\"shape\":[1,3],\"data\":\(written)}]}")
        #expect(answer.scores == expected, "\(type): \(answer.text)")
      }
    }
  }

  @Test func modelsAreDescribed() async throws {
    try await withService { fixture, models in
      #expect(await fixture.ask(.get, "/v2/health/live").json["live"] as? Bool == true)
      #expect(await fixture.ask(.get, "/v2/health/ready").json["ready"] as? Bool == true)
      let server = await fixture.ask(.get, "/v2").json
      #expect(server["name"] as? String == "sonde" && server["version"] as? String == "1.2.3")
      #expect(server["extensions"] as? [String] == ["binary_tensor_data"])
      #expect(await fixture.ask(.get, "/v2/models").json["models"] as? [String] == ["a", "b"])
      let model = await fixture.ask(.get, "/v2/models/a").json
      #expect(model["versions"] as? [String] == [models["a"]!.version])
      let input = try #require((model["inputs"] as? [[String: Any]])?.first)
      #expect(input["shape"] as? [Int] == [-1, 3] && input["datatype"] as? String == "FP64")
      #expect((model["parameters"] as? [String: Any])?["features"] as? [String] == ServiceFixture.features)
      let version = models["a"]!.version
      #expect(
        await fixture.ask(.get, "/v2/models/a/versions/\(version)/ready").json["ready"] as? Bool == true)
      let versioned = await fixture.ask(
        .post, "/v2/models/a/versions/\(version)/infer", request(tensor(rows)))
      #expect(versioned.status == .ok)
      for path in [
        "/v2/models/c", "/v2/models/c/ready", "/v2/models/a/versions/x", "/v2/none", "/v2/models/a/x/y",
      ] {
        let answer = await fixture.ask(.get, path)
        #expect(answer.status == .notFound && answer.json["error"] is String, "\(path)")
      }
      let other = await fixture.ask(.post, "/v2/models/a/versions/x/infer", request(tensor(rows)))
      #expect(other.status == .notFound)
      let method = await fixture.ask(.get, "/v2/models/a/infer")
      #expect(method.status == .methodNotAllowed && method.json["error"] is String)
    }
  }
}
