import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// `sonde serve` with scripts of online endpoints.
@Suite(.serialized) struct ServeScriptTests {
  private let script = """
    import json, os, time
    def init():
        global count
        count = 0
    def run(raw_data):
        global count
        count += 1
        request = json.loads(raw_data)
        if "wait" in request:
            open(request["begun"], "w").close()
            while not os.path.exists(request["wait"]):
                time.sleep(0.01)
        if "fail" in request:
            raise ValueError(request["fail"])
        return {"count": count, "echo": request.get("text")}
    """

  private func scriptEndpoint(_ folder: String, _ script: String, _ settings: [String] = []) throws -> String
  {
    try Folder.make("\(folder)/code")
    try script.write(toFile: "\(folder)/code/score.py", atomically: true, encoding: .utf8)
    let lines = ["code_configuration: { code: code, scoring_script: score.py }", "input: raw"] + settings
    try ("name: online\ndeployments:\n  own:\n" + lines.map { "    \($0)\n" }.joined()).write(
      toFile: "\(folder)/endpoint.yaml", atomically: true, encoding: .utf8)
    return "\(folder)/endpoint.yaml"
  }

  /// A body is handed over as fast as the script reads. A pipe holds 64 KiB, so that this body fills it 240 times; if each time something
  /// had to come or a second had to pass, the request would run out of its time.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func aLargeBodyDoesNotWaitForTheScriptToSaySomething() async throws {
    try await withTemporaryFolder { folder in
      let script = """
        import json
        def init():
            pass
        def run(raw_data):
            return {"length": len(json.loads(raw_data)["text"])}
        """
      let endpoint = try scriptEndpoint(
        folder, script, ["request_settings: { request_timeout_ms: 120000, max_queue_wait_ms: 600000 }"])
      let service = try await RunningService(["--endpoint", endpoint], in: folder)
      let length = 15 << 20
      let answer = try service.ask(
        "POST", "/score", "{\"text\": \"\(String(repeating: "a", count: length))\"}")
      #expect(answer.status == 200 && answer.json["length"] as? Int == length, "\(answer.text)")
      try await service.stop()
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func aScriptOfAnOnlineEndpointAnswersWhateverItLikes() async throws {
    try await withTemporaryFolder { folder in
      let endpoint = try scriptEndpoint(folder, script, ["request_settings: { max_queue_wait_ms: 600000 }"])
      let service = try await RunningService(["--endpoint", endpoint], in: folder)
      let first = try service.ask("POST", "/score", "{\"text\": \"é\\n😀\"}")
      #expect(
        first.status == 200 && first.json["count"] as? Int == 1 && first.json["echo"] as? String == "é\n😀")
      #expect(first.headers["x-ms-run-function-failed"] == "False")
      let failed = try service.ask("POST", "/score", "{\"fail\": \"on purpose\"}")
      #expect(failed.status == 500 && failed.headers["x-ms-run-function-failed"] == "True")
      #expect(
        (failed.json["message"] as? String)?.contains("ValueError: on purpose (score.py:14)") ?? false,
        "\(failed.text)")
      // The process has lived on.
      #expect(try service.ask("POST", "/score", "{}").json["count"] as? Int == 3)
      #expect(try service.ask("POST", "/v2/models/online/infer", "{}").status == 400)
      // Changed code is taken over, and a broken one is not.
      _ = try scriptEndpoint(folder, script.replacing("\"count\"", with: "\"number\""))
      while try service.ask("POST", "/score", "{}").json["number"] == nil {
        try await Task.sleep(for: .milliseconds(50))
      }
      _ = try scriptEndpoint(folder, "def run(data:\n")
      while !service.told.contains("not taken over") { try await Task.sleep(for: .milliseconds(50)) }
      #expect(try service.ask("POST", "/score", "{}").json["number"] != nil)
      try await service.stop()
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func theEndWaitsForWhatHasBegun() async throws {
    try await withTemporaryFolder { folder in
      let endpoint = try scriptEndpoint(folder, script, ["request_settings: { request_timeout_ms: 600000 }"])
      let service = try await RunningService(["--endpoint", endpoint, "--drain", "600s"], in: folder)
      let client = try service.client()
      let body = "{\"wait\": \"\(folder)/go\", \"begun\": \"\(folder)/begun\", \"text\": \"late\"}"
      client.send("POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      while !FileManager.default.fileExists(atPath: "\(folder)/begun") {
        try await Task.sleep(for: .milliseconds(20))
      }
      kill(service.processID, SIGTERM)
      // It takes nobody new.
      while (try? service.client()) != nil { try await Task.sleep(for: .milliseconds(20)) }
      _ = FileManager.default.createFile(atPath: "\(folder)/go", contents: nil)
      #expect(try client.response().json["echo"] as? String == "late")
      #expect(try await service.exit() == .exited(code: 0))
      #expect(service.told.hasSuffix("ended\n"), "\(service.told)")
      #expect(!FileManager.default.fileExists(atPath: service.socket))
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func whoCannotBeAnsweredInTimeIsToldSo() async throws {
    try await withTemporaryFolder { folder in
      let endpoint = try scriptEndpoint(
        folder, script, ["request_settings: { request_timeout_ms: 1500, max_queue_wait_ms: 600000 }"])
      let service = try await RunningService(["--endpoint", endpoint, "--queue", "1"], in: folder)
      let (busy, waiting) = (try service.client(), try service.client())
      let body = "{\"wait\": \"\(folder)/never\", \"begun\": \"\(folder)/begun\"}"
      let request = "POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
      busy.send(request)
      while !FileManager.default.fileExists(atPath: "\(folder)/begun") {
        try await Task.sleep(for: .milliseconds(5))
      }
      waiting.send(request)
      var full: RawClient.Response
      // The second one may not have come yet.
      repeat { full = try service.ask("POST", "/score", "{}") } while full.status == 200
      #expect([503, 504].contains(full.status), "\(full.text)")
      #expect(full.status != 503 || full.headers["retry-after"] == "1")
      #expect(try busy.response().status == 504)
      #expect([503, 504].contains(try waiting.response().status))
      // The script was ended, and is there again.
      var again = try service.ask("POST", "/score", "{\"text\": \"again\"}")
      while again.status != 200 {
        try await Task.sleep(for: .milliseconds(50))
        again = try service.ask("POST", "/score", "{\"text\": \"again\"}")
      }
      #expect(again.json["count"] as? Int == 1)
      try await service.stop()
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.scientific != nil, Python.scientificIsMissing))
  func aQuestionFindsTheOneThatIsLikeIt() async throws {
    try await withTemporaryFolder { folder in
      let text = try TextFile.text(of: "\(SondeProgram.packageRoot)/Scenarios/endpoints/faq.yaml")
      let code = "\(SondeProgram.packageRoot)/Scenarios/endpoints/faq"
      let own = text.replacing("code: faq", with: "code: \(code)").replacing(
        "model: faq", with: "model: \(code)"
      )
      .replacing(
        "    input: raw", with: "    environment: { python: \(Python.scientific ?? "") }\n    input: raw"
      )
      .replacing("5000", with: "600000")
      try own.write(toFile: "\(folder)/faq.yaml", atomically: true, encoding: .utf8)
      let service = try await RunningService(["--endpoint", "\(folder)/faq.yaml"], in: folder)
      let answer = try service.ask(
        "POST", "/score", "{\"question\": \"how do I get my money back\", \"top\": 2}")
      let found = try #require(
        try JSONSerialization.jsonObject(with: Data(answer.body)) as? [[String: Any]], "\(answer.text)")
      #expect(
        found.count == 2 && found[0]["question"] as? String == "When do I get my money back?",
        "\(answer.text)")
      try await service.stop()
    }
  }
}
