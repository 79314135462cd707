import Files
import Foundation
import HTTP
import OneClassSVM
import RealTimeScoring
import TestSupport
import Testing

/// `/score`, as clients of Azure's online endpoints and Stream Analytics ask it.
@Suite struct AzureScoreTests {
  private func withService(
    devices: [String] = ["a"], _ body: (ServiceFixture, [String: OneClassModel]) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      var models: [String: OneClassModel] = [:]
      for (index, device) in devices.enumerated() {
        models[device] = try ServiceFixture.writeModel(device, in: folder, seed: UInt64(index + 1))
      }
      try await body(try ServiceFixture(.models(in: folder), folder: folder), models)
    }
  }

  private let rows = ServiceFixture.rows(3, seed: 5)

  private func object(_ row: [Double], device: String? = nil, order: [Int] = [0, 1, 2]) -> String {
    var fields = order.map { "\"\(ServiceFixture.features[$0])\":\(row[$0])" }
    if let device { fields.insert("\"device\":\"\(device)\"", at: 1) }
    return "{\(fields.joined(separator: ","))}"
  }

  @Test func rowsInEveryFormGetTheSameScores() async throws {
    try await withService { fixture, models in
      let expected = try #require(models["a"]).decisionValues(of: FeatureMatrix(rows: rows))
      let columns = ServiceFixture.features.map { "\"\($0)\"" }
      let swapped = rows.map { [$0[2], $0[0], $0[1]] }
      let bodies = [
        "{\"data\":\(rows)}", "{\"method\":\"predict\",\"data\":\(rows)}", "{\"input_data\":\(rows)}",
        "{\"data\":[\(rows.map { object($0) }.joined(separator: ","))]}",
        "{\"data\":[\(object(rows[0])),\(object(rows[1], order: [2, 1, 0])),\(object(rows[2], order: [1, 0, 2]))]}",
        "{\"input_data\":{\"columns\":[\(columns.joined(separator: ","))],\"index\":[0,1,2],\"data\":\(rows)}}",
        "{\"input_data\":{\"data\":\(swapped),\"columns\":[\(columns[2]),\(columns[0]),\(columns[1])]}}",
        "{\"dataframe_split\":{\"data\":\(rows),\"columns\":[\(columns.joined(separator: ","))]}}",
        "{\"data\":[\(rows.map { "[\"a\",\($0.map { "\($0)" }.joined(separator: ","))]" }.joined(separator: ","))]}",
      ]
      for body in bodies {
        let answer = await fixture.ask(.post, "/score", body)
        #expect(answer.listedScores == expected, "\(body)\n\(answer.text)")
        #expect(answer.list.allSatisfy { $0["model_version"] as? String == models["a"]?.version })
      }
      let stream = await fixture.ask(
        .post, "/score",
        "{\"Inputs\":{\"WebServiceInput0\":[\(rows.map { object($0) }.joined(separator: ","))]},\"GlobalParameters\":{}}"
      )
      let results = (stream.json["Results"] as? [String: Any])?["WebServiceOutput0"] as? [[String: Any]]
      #expect(results?.count == 3 && stream.listedScores == expected, "\(stream.text)")
      let old = await fixture.ask(
        .post, "/score",
        "{\"Inputs\":{\"input1\":{\"ColumnNames\":[\(columns.joined(separator: ","))],\"Values\":\(rows)}}}")
      #expect(old.status == .ok && old.json["Results"] != nil, "\(old.text)")
    }
  }

  @Test func eachRowGetsTheModelOfItsDevice() async throws {
    try await withService(devices: ["a", "b"]) { fixture, models in
      let names = ["b", "a", "b"]
      let body = "{\"data\":[\(zip(rows, names).map { object($0, device: $1) }.joined(separator: ","))]}"
      let answer = await fixture.ask(.post, "/score", body)
      let expected = try zip(names, rows).map {
        try #require(models[$0]).decisionValues(of: FeatureMatrix(rows: [$1]))[0]
      }
      #expect(answer.listedScores == expected, "\(answer.text)")
      #expect(answer.list.map { $0["device"] as? String } == names)
      #expect(answer.list.map { $0["model_version"] as? String } == names.map { models[$0]?.version })
      let nobody = await fixture.ask(.post, "/score", "{\"data\":\(rows)}")
      #expect(nobody.status == .badRequest && nobody.text.contains("column device"))
    }
  }

  @Test(arguments: [
    ("", "an object"), ("{", "a key"), ("{}", "no rows"), ("{\"data\":1}", "a list"),
    ("{\"data\":[1]}", "row 0"),
    ("{\"data\":[[1,2,3],[1,2]]}", "row 1"), ("{\"data\":[[1,2]]}", "3 features"),
    ("{\"data\":[[1,2,null]]}", "row 0"), ("{\"data\":[[1,2,\"3\"]]}", "“3”"),
    ("{\"data\":[{\"x\":1}]}", "temperature.mean"), ("{\"data\":[[1,2,3],{}]}", "row 1"),
    ("{\"data\":[{\"x\":1,\"x\":2}]}", "row 0 has “x” twice"),
    ("{\"data\":[{\"x\":1},{\"x\":1,\"x\":2}]}", "row 1 has “x” twice"),
    ("{\"data\":[[1,2,[3]]]}", "row 0"), ("{\"data\":[[1,2,3]],\"input_data\":[[1,2,3]]}", "two tables"),
    ("{\"input_data\":{\"columns\":[\"x\"],\"data\":[[1,2,3]]}}", "1 columns"),
    ("{\"input_data\":{\"columns\":[]}}", "no data"),
    ("{\"input_data\":{\"columns\":[\"x\",\"x\"],\"data\":[[1,2]]}}", "the same name"),
    ("{\"Inputs\":{}}", "no input"), ("{\"Inputs\":{\"a\":[],\"b\":[]}}", "one input"),
    ("{\"data\":[[1,2,3]]} x", "the end"),
    ("{\"data\":[[1,2,1e999]]}", "a double"), ("{\"data\":[{\"device\":1,\"x\":2}]}", "device"),
    (
      "{\"data\":[{\"device\":\"z\",\"temperature.mean\":1,\"temperature.stddev\":1,\"vibration.mean\":1}]}",
      "“z”"
    ),
  ])
  func whatIsWrongIsSaid(body: String, words: String) async throws {
    try await withService { fixture, _ in
      let answer = await fixture.ask(.post, "/score", body)
      #expect(answer.status == .badRequest, "\(answer.text)")
      let message = try #require(answer.json["message"] as? String, "\(answer.text)")
      #expect(message.contains(words), "\(message)")
    }
  }

  @Test func noRowsAreNoFault() async throws {
    try await withService { fixture, _ in
      let answer = await fixture.ask(.post, "/score", "{\"data\":[]}")
      #expect(answer.status == .ok && answer.text == "[]", "\(answer.text)")
    }
  }

  @Test func whatAzuresServerAnswersBesides() async throws {
    try await withService { fixture, _ in
      #expect(await fixture.ask(.get, "/").text == "Healthy")
      #expect(await fixture.ask(.get, "/score").status == .methodNotAllowed)
      let none = await fixture.ask(.get, "/none")
      #expect(none.status == .notFound && none.json["message"] is String)
      let swagger = await fixture.ask(.get, "/swagger.json")
      #expect(swagger.json["openapi"] as? String == "3.1.0")
      let given: HTTPHeaders = ["X-Request-ID": "r-1", "x-ms-client-request-id": "c-1"]
      let answer = await fixture.ask(.post, "/score", "{\"data\":\(rows)}", headers: given)
      #expect(answer.headers["x-request-id"] == "r-1")
      #expect(answer.headers["x-ms-client-request-id"] == "c-1")
      #expect(answer.headers["azureml-model-deployment"] == "default")
      let own = await fixture.ask(.post, "/score", "{\"data\":\(rows)}")
      #expect(own.headers["x-request-id"]?.isEmpty == false)
      let long: HTTPHeaders = ["x-request-id": String(repeating: "r", count: 101)]
      let refused = await fixture.ask(.post, "/score", "{\"data\":\(rows)}", headers: long)
      #expect(refused.status == .headersTooLarge && refused.json["message"] is String)
      let wrong = await fixture.ask(
        .post, "/score", "{\"data\":\(rows)}", headers: ["azureml-model-deployment": "green"])
      #expect(wrong.status == .notFound && wrong.text.contains("green"))
    }
  }
}
