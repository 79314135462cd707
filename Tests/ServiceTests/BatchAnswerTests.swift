import Files
import Foundation
import HTTP
import Service
import TestSupport
import Testing

/// What the REST face answers to whom: keys, faults, lists, the description for programs.
@Suite(.timeLimit(.minutes(30))) struct BatchAnswerTests {
  private func withFixture(
    keys: Bool = false, _ body: (BatchFixture, _ key: String) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      _ = try BatchFixture.prepare(in: folder)
      let path = "\(folder)/keys.json"
      let key = try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
        try keys.create("tests", requestsPerSecond: nil, at: BatchFixture.now())
      }
      try await body(try BatchFixture(in: folder, keys: keys ? try KeyRing(path) : nil), key.text)
    }
  }

  private func routes(_ fixture: BatchFixture, _ headers: HTTPHeaders = [:]) async -> [(
    path: String, methods: [String]
  )] {
    let paths =
      await fixture.ask(.get, "/openapi.json", headers: headers).json["paths"] as? [String: [String: Any]]
    return (paths ?? [:]).map { path, methods in (path, Array(methods.keys)) }
  }

  @Test func withoutAKeyNothingIsAnswered() async throws {
    try await withFixture(keys: true) { fixture, key in
      let known: HTTPHeaders = ["Authorization": "Bearer \(key)", "Content-Type": "application/json"]
      let routes = await routes(fixture, known)
      #expect(routes.count == 9 && routes.reduce(0) { $0 + $1.methods.count } == 10)
      let job = await fixture.ask(.post, BatchFixture.jobs, BatchFixture.body(), headers: known).job.name
      #expect(!job.isEmpty)
      let arm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
      for (pattern, methods) in routes {
        let path = pattern.replacing("{endpoint}", with: "default").replacing("{job}", with: job)
          .replacing("{file}", with: "predictions.csv")
        for path in [path, arm + path] {
          for method in methods.map({ $0.uppercased() }) + ["HEAD", "OPTIONS", "DELETE", "PUT"] {
            for headers: HTTPHeaders in [
              [:], ["Authorization": "Bearer \(key)x"], ["Authorization": "Basic \(key)"], ["X-Key": key],
              ["Authorization": key],
            ] {
              let answer = await fixture.ask(HTTPMethod(method), path, BatchFixture.body(), headers: headers)
              #expect(
                answer.status == .unauthorized && answer.error?.code == "Unauthorized", "\(method) \(path)")
              #expect(answer.headers["WWW-Authenticate"] == "Bearer")
            }
          }
        }
      }
      #expect(await fixture.ask(.get, BatchFixture.jobs, headers: known).jobs.count == 1)
      #expect(await fixture.ask(.get, "\(arm)\(BatchFixture.jobs)", headers: known).jobs.count == 1)
      let created = await fixture.ask(.get, "\(BatchFixture.jobs)/\(job)", headers: known).json["systemData"]
      #expect((created as? [String: String])?["createdBy"] == "tests")
    }
  }

  /// Two clients can have the same idempotency key.
  @Test func keysOfClientsAreTheirOwn() async throws {
    try await withTemporaryFolder { folder in
      _ = try BatchFixture.prepare(in: folder)
      let path = "\(folder)/keys.json"
      var keys: [String] = []
      for name in ["a", "b"] {
        keys.append(
          try KeyFile.update(path, creating: true) { keys throws(AccessKeyError) in
            try keys.create(name, requestsPerSecond: nil, at: BatchFixture.now())
          }.text)
      }
      let fixture = try BatchFixture(in: folder, .dies, keys: try KeyRing(path))
      var names: Set<String> = []
      for key in keys + keys {
        let headers: HTTPHeaders = [
          "Authorization": "Bearer \(key)", "Content-Type": "application/json",
          "repeatability-request-id": "k",
        ]
        names.insert(
          await fixture.ask(.post, BatchFixture.jobs, BatchFixture.body(), headers: headers).job.name)
      }
      #expect(names.count == 2)
    }
  }

  @Test func faultsHaveAzuresShape() async throws {
    try await withFixture { fixture, _ in
      let json: HTTPHeaders = ["Content-Type": "application/json"]
      let unknown = "\(BatchFixture.jobs)/batchjob-none"
      for (method, path, body, headers, status, code) in [
        (.get, "/none", "", json, 404, "NotFound"),
        (.get, "/batchEndpoints/none/jobs", "", json, 404, "NotFound"),
        (.get, unknown, "", json, 404, "NotFound"), (.post, "\(unknown)/cancel", "", json, 404, "NotFound"),
        (.get, "\(unknown)/logs", "", json, 404, "NotFound"),
        (.get, "\(unknown)/outputs/predictions.csv", "", json, 404, "NotFound"),
        (.put, BatchFixture.jobs, "", json, 405, "MethodNotAllowed"),
        (.post, BatchFixture.jobs, BatchFixture.body(), [:], 415, "UnsupportedMediaType"),
        (
          .post, BatchFixture.jobs, BatchFixture.body(), ["Content-Type": "text/plain"], 415,
          "UnsupportedMediaType"
        ),
        (.post, BatchFixture.jobs, "{", json, 400, "UserError"),
        (.post, BatchFixture.jobs, BatchFixture.body("/etc"), json, 400, "UserError"),
        (.post, BatchFixture.jobs, BatchFixture.body("run"), json, 400, "UserError"),
        (.post, BatchFixture.jobs, BatchFixture.body(more: #","miniBatchSize":5"#), json, 400, "UserError"),
        (
          .post, BatchFixture.jobs, BatchFixture.body(more: #","compute":{"instanceCount":2}"#), json, 400,
          "UserError"
        ),
        (
          .post, BatchFixture.jobs, BatchFixture.body(),
          ["Content-Type": "application/json", "azureml-model-deployment": "green"], 400, "UserError"
        ),
        (
          .get, BatchFixture.jobs, "", ["x-request-id": String(repeating: "a", count: 101)], 431,
          "RequestHeaderFieldsTooLarge"
        ),
      ] as [(HTTPMethod, String, String, HTTPHeaders, Int, String)] {
        let answer = await fixture.ask(method, path, body, headers: headers)
        #expect(
          answer.status.rawValue == status && answer.error?.code == code, "\(method) \(path) \(answer.text)")
        #expect(answer.error?.message.isEmpty == false)
      }
      let limit = fixture.service.refusal(of: HTTPRequest(.post, BatchFixture.jobs), breaking: .bodyBytes(10))
      #expect(limit.status == .contentTooLarge && limit.error?.code == "PayloadTooLarge")
      #expect(await fixture.ask(.get, BatchFixture.jobs).jobs.isEmpty)
      #expect(await fixture.ask(.options, BatchFixture.jobs).headers["Allow"] == "GET, HEAD, POST, OPTIONS")
    }
  }

  @Test func listsHaveLinksToTheirNextPage() async throws {
    try await withTemporaryFolder { folder in
      _ = try BatchFixture.prepare(in: folder)
      let fixture = try BatchFixture(in: folder, .dies)
      for _ in 0..<130 { #expect(await fixture.start().status == .created) }
      let first = await fixture.ask(.get, BatchFixture.jobs, headers: ["Host": "sonde.example:8080"])
      #expect(first.jobs.count == 100)
      let link = try #require(first.json["nextLink"] as? String)
      let last = try #require(first.jobs.last?.name)
      #expect(link == "http://sonde.example:8080\(BatchFixture.jobs)?$skiptoken=\(last)")
      let second = await fixture.ask(.get, BatchFixture.jobs, arguments: [("$skiptoken", last)])
      #expect(second.jobs.count == 30 && second.json["nextLink"] is NSNull)
      #expect(Set((first.jobs + second.jobs).map(\.name)).count == 130)
      #expect(await fixture.ask(.get, BatchFixture.jobs, arguments: [("deployment", "green")]).jobs.isEmpty)
      #expect(
        await fixture.ask(.get, BatchFixture.jobs, arguments: [("$skiptoken", "a\"b")]).status == .badRequest)
      // What a host is not, stands in no link.
      let odd = await fixture.ask(.get, BatchFixture.jobs, headers: ["Host": "a\"><b"])
      #expect((odd.json["nextLink"] as? String)?.hasPrefix("/batchEndpoints/") == true)
    }
  }

  @Test func anEndpointSaysWhereJobsArePosted() async throws {
    try await withFixture { fixture, _ in
      let endpoint = await fixture.ask(.get, "/batchEndpoints/default", headers: ["Host": "h"]).json
      let properties = try #require(endpoint["properties"] as? [String: Any])
      #expect(properties["scoringUri"] as? String == "http://h\(BatchFixture.jobs)")
      #expect((properties["defaults"] as? [String: String])?["deploymentName"] == "default")
      #expect(await fixture.ask(.get, "/").text == "Healthy")
      let name = await fixture.start().job.name
      _ = try await fixture.end(of: name)
      let metrics = await fixture.ask(.get, "/metrics").text
      #expect(metrics.contains("sonde_batch_jobs{state=\"Completed\"} 1"), "\(metrics)")
      #expect(
        metrics.contains(
          "method=\"POST\",route=\"\(BatchFixture.jobs.replacing("default", with: "{endpoint}"))\",status=\"201\"} 1"
        ), "\(metrics)")
      #expect(await fixture.ask(.get, "/openapi.json", arguments: [("version", "2")]).status == .notFound)
    }
  }
}
