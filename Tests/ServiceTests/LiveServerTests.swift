import Files
import Foundation
import HTTP
import Service
import Synchronization
import Telemetry
import TestSupport
import Testing
import WindowStore

/// A live page over HTTP, of a folder that a test fills.
@Suite(.timeLimit(.minutes(30))) struct LiveServerTests {
  // MARK: - A run

  private static func write(_ text: String, _ path: String) throws {
    try AtomicFile.write(text, to: path, existing: .replace)
  }

  /// The folder of a run that goes on: a plan, some lines of its timeline, a store with two devices.
  private static func begin(_ folder: String) throws -> WindowStoreWriter {
    try FileManager.default.createDirectory(atPath: "\(folder)/logs", withIntermediateDirectories: true)
    let plan = RunLogEntry(.plan, atMs: 0, text: "quick <b>", messages: 100)
    try write(String(decoding: plan.line, as: UTF8.self), RunFolder(folder).runLog)
    try write(
      (["seconds,phase,published,stored,late,rejected,windows,predictions,backlog"]
        + (0..<1000).map { "\($0).0,publishing,\($0 * 2),\($0),0,0,0,0,\($0)" }).joined(separator: "\n")
        + "\n",
      RunFolder(folder).timeline)
    let writer = try WindowStoreWriter(
      path: RunFolder(folder).store,
      settings: WindowSettings(window: .seconds(60), outOfOrderness: .zero, allowedLateness: .zero))
    var batch = StoreBatch()
    batch.stored = ["a", "b"].map { name in
      Message(
        device: DeviceID(name)!, position: .init(epoch: 1, sequence: 1),
        timestamp: Timestamp(milliseconds: 1000),
        values: [.init(sensor: SensorID("t")!, value: 20.5)])
    }
    batch.progress.storedMessages = 2
    try writer.commit(batch)
    return writer
  }

  /// Two lines of the timeline come with the end, of which a viewer's state has the last.
  private static func end(_ folder: String) throws {
    let timeline = try String(contentsOfFile: RunFolder(folder).timeline, encoding: .utf8)
    try write(
      timeline + "1000.0,stopping,2000,1500,0,0,0,0,500\n1000.5,stopping,2000,2000,0,0,0,0,0\n",
      RunFolder(folder).timeline)
    try write("{\"verdict\": \"passed\", \"expectations\": [{\"passed\": true}]}", RunFolder(folder).report)
    try write("<!DOCTYPE html><title>report</title>", "\(folder)/report.html")
    try write("{}", RunFolder(folder).manifest)
  }

  // MARK: - Clients

  private struct Client: Sendable {
    let port: Int

    func open(_ line: String, _ headers: [String] = []) throws -> RawClient {
      let client = try RawClient(port: port)
      let head = ["\(line) HTTP/1.1", "Connection: close"] + headers
      let host = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: 127.0.0.1:\(port)"]
      client.send((head + host).joined(separator: "\r\n") + "\r\n\r\n")
      return client
    }

    func ask(_ line: String, _ headers: [String] = []) throws -> RawClient.Response {
      try open(line, headers).response(isHead: line.hasPrefix("HEAD"))
    }

    /// All of a stream, to its end.
    func stream() throws -> (status: Int, text: String, isWhole: Bool) {
      let client = try open("GET /events")
      let head = try client.response()
      let (text, isWhole) = ChunkedBody.text(client.rest())
      return (head.status, text, isWhole)
    }
  }

  /// Runs `body` on a thread of its own, with a live page of `folder`.
  private func withPage<Value: Sendable>(
    _ folder: String, change: (inout LiveServer.Settings) -> Void = { _ in },
    _ body: @escaping @Sendable (Client) throws -> Value
  ) async throws -> Value {
    var settings = LiveServer.Settings(try ListenAddress("127.0.0.1:0"), folder: RunFolder(folder))
    settings.interval = .milliseconds(20)
    change(&settings)
    let (end, stop) = AsyncStream.makeStream(of: Void.self)
    let (places, place) = AsyncStream.makeStream(of: ListenAddress.self)
    let server = LiveServer(settings)
    let serving = Task {
      defer { place.finish() }
      try await server.run(until: end) { place.yield($0) }
    }
    var found: ListenAddress?
    for await address in places {
      found = address
      break
    }
    guard case .network(_, let port)? = found?.place else {
      try await serving.value
      throw RawClient.Broken(description: "it does not listen")
    }
    let result = await Task {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try body(Client(port: port)) }) }
      }
    }.result
    stop.finish()
    try await serving.value
    return try result.get()
  }

  private static func wait(until condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while try !condition() {
      guard ContinuousClock.now < deadline else { throw RawClient.Broken(description: "waited in vain") }
      usleep(5_000)
    }
  }

  /// The data of the events called `name`.
  private static func data(_ name: String, _ text: String) throws -> [[String: Any]] {
    try text.components(separatedBy: "\n\n").filter { $0.hasPrefix("event: \(name)\n") }.map { event in
      let line = try #require(event.components(separatedBy: "\n").first { $0.hasPrefix("data: ") })
      return try #require(
        try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any])
    }
  }

  // MARK: - Tests

  @Test func threeViewersSeeTheWholeAndTheSameEnd() async throws {
    try await withTemporaryFolder { folder in
      let writer = try Self.begin(folder)
      let texts = try await withPage(folder) { client in
        let got = Mutex<[String]>([])
        let finished = Mutex(0)
        for viewer in 0..<3 {
          // The last comes late.
          if viewer == 2 { usleep(100_000) }
          Thread.detachNewThread {
            let stream = try? client.stream()
            if let stream, stream.isWhole { got.withLock { $0.append(stream.text) } }
            finished.withLock { $0 += 1 }
          }
        }
        usleep(200_000)
        try Self.end(folder)
        try Self.wait { finished.withLock { $0 } == 3 }
        return got.withLock { $0 }
      }
      #expect(texts.count == 3)
      for text in texts {
        #expect(text.hasPrefix("retry: 2000\n\nevent: history\nid: "))
        let history = try Self.data("history", text)
        let points = try #require(history.last?["points"] as? [[Double]])
        #expect(history.count <= 2 && points.count <= LiveDefaults.historyPoints)
        #expect(points.last?.first == 1000.5 && (points.first?.first ?? 99) < 10)
        let ends = try Self.data("end", text)
        #expect(ends.count == 1)
        #expect((ends[0]["end"] as? [String: Any])?["sentence"] as? String == "Passed: the expectation held")
        #expect((ends[0]["end"] as? [String: Any])?["report"] as? String == "/report.html")
        let cells = try #require(try Self.data("devices", text).last?["cells"] as? [[Any]])
        #expect(cells.map { $0[0] as? String } == ["a", "b"])
        #expect(cells[0][2] as? Double == 20.5)
      }
      for event in ["end", "history"] {
        let last = try texts.map { try NSDictionary(dictionary: #require(Self.data(event, $0).last)) }
        #expect(Set(last).count == 1, "\(event)")
      }
      try writer.close()
    }
  }

  @Test func afterTheEndThereIsNoStreamButTheLastState() async throws {
    try await withTemporaryFolder { folder in
      try Self.begin(folder).close()
      try Self.end(folder)
      let (events, state, report) = try await withPage(folder) { client in
        try Self.wait { try client.ask("GET /events").status == 204 }
        return (
          try client.ask("GET /events"), try client.ask("GET /state.json"), try client.ask("GET /report.html")
        )
      }
      #expect(events.status == 204 && events.body.isEmpty)
      let all = try #require(try JSONSerialization.jsonObject(with: Data(state.body)) as? [String: Any])
      let last = try #require(all["state"] as? [String: Any])
      #expect(last["phase"] as? String == "ended" && last["scenario"] as? String == "quick <b>")
      #expect(((all["devices"] as? [String: Any])?["cells"] as? [Any])?.count == 2)
      #expect(report.status == 200 && report.text.contains("<title>report</title>"))
      #expect(report.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
    }
  }

  @Test func nothingElseOfTheFolderIsHandedOut() async throws {
    try await withTemporaryFolder { folder in
      try Self.begin(folder).close()
      try FileManager.default.createDirectory(
        atPath: "\(folder)/run/charts", withIntermediateDirectories: true)
      try FileManager.default.createDirectory(atPath: "\(folder)/run/logs", withIntermediateDirectories: true)
      let run = "\(folder)/run"
      try Self.write("secret", "\(folder)/secret.svg")
      try Self.write("<svg/>", "\(run)/charts/a.svg")
      try Self.write("secret", "\(run)/charts/.hidden.svg")
      try Self.write("secret", "\(run)/charts/notes.txt")
      try FileManager.default.createSymbolicLink(
        atPath: "\(run)/charts/link.svg", withDestinationPath: "\(folder)/secret.svg")
      try FileManager.default.createSymbolicLink(
        atPath: "\(run)/report.html", withDestinationPath: "\(folder)/secret.svg")
      let (picture, others) = try await withPage(run) { client in
        (
          try client.ask("GET /charts/a.svg"),
          try [
            "/sonde.sqlite", "/report.json", "/logs/run.log", "/charts/", "/charts", "/charts/notes.txt",
            "/charts/.hidden.svg", "/charts/link.svg", "/charts/..%2f..%2fsecret.svg",
            "/charts/%2e%2e/secret.svg",
            "/../secret.svg", "/%2e%2e/secret.svg", "/report.html", "/charts/a.svg%00", "//report.json",
            "/events/",
          ].map { try client.ask("GET \($0)") }
        )
      }
      #expect(picture.status == 200 && picture.text == "<svg/>")
      #expect(picture.headers["content-security-policy"]?.contains("sandbox") == true)
      for other in others {
        #expect(other.status == 404 && !other.text.contains("secret\n") && other.text != "secret", "\(other)")
      }
    }
  }

  @Test func onlyReadingAndOnlyForItself() async throws {
    try await withTemporaryFolder { folder in
      let writer = try Self.begin(folder)
      let answers = try await withPage(folder) { client in
        try Self.wait { try client.ask("GET /state.json").body.count > 2 }
        func status(_ line: String, _ headers: [String] = []) throws -> Int {
          try client.ask(line, headers).status
        }
        return [
          try status("GET /"), try status("HEAD /"), try status("HEAD /events"), try status("POST /"),
          try status("DELETE /events"), try status("OPTIONS /"),
          try status("GET /", ["Host: evil.example:\(client.port)"]),
          try status("GET /", ["Host: 127.0.0.1:1"]),
          try status("GET /state.json", ["Sec-Fetch-Site: cross-site"]),
          try status("GET /events", ["Sec-Fetch-Site: same-site"]),
          try status("GET /", ["Sec-Fetch-Site: cross-site"]),
          try status("GET /state.json", ["Sec-Fetch-Site: same-origin"]),
        ]
      }
      #expect(answers == [200, 200, 200, 405, 405, 405, 403, 403, 403, 403, 200, 200])
      try writer.close()
    }
  }

  @Test func thePageRunsItsOwnScriptAlone() async throws {
    try await withTemporaryFolder { folder in
      let writer = try Self.begin(folder)
      let page = try await withPage(folder) { try $0.ask("GET /") }
      let policy = try #require(page.headers["content-security-policy"])
      #expect(page.headers["access-control-allow-origin"] == nil)
      #expect(page.headers["x-content-type-options"] == "nosniff")
      for rule in ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        #expect(policy.contains(rule))
      }
      #expect(!policy.contains("unsafe"))
      for name in ["script", "style"] {
        let text = try #require(
          page.text.components(separatedBy: "<\(name)>").last?.components(separatedBy: "</\(name)>").first)
        let digits = Array(Digest.sha256(text: text))
        let bytes = stride(from: 0, to: 64, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
        #expect(policy.contains("\(name)-src 'sha256-\(Data(bytes).base64EncodedString())'"))
      }
      let script = try #require(page.text.components(separatedBy: "<script>").last)
      for word in [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:", "https:",
      ] {
        #expect(!script.replacing("http://www.w3.org/2000/svg", with: "").contains(word), "\(word)")
      }
      #expect(script.utf8.count < 16 << 10)
      try writer.close()
    }
  }

  @Test func viewersAreBounded() async throws {
    try await withTemporaryFolder { folder in
      let writer = try Self.begin(folder)
      let (refused, after) = try await withPage(folder, change: { $0.mostViewers = 2 }) { client in
        var clients = try (0..<2).map { _ in try client.open("GET /events") }
        for viewer in clients { _ = try viewer.response() }
        let refused = try client.ask("GET /events")
        clients.removeLast()
        // Its place is free again.
        var after = 503
        try Self.wait {
          let viewer = try client.open("GET /events")
          after = try viewer.response().status
          return after == 200
        }
        withExtendedLifetime(clients) {}
        return (refused, after)
      }
      #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
      #expect(refused.text.contains("watch already"))
      #expect(after == 200)
      try writer.close()
    }
  }

  @Test func itEndsByItselfSomeTimeAfterTheRun() async throws {
    try await withTemporaryFolder { folder in
      try Self.begin(folder).close()
      try Self.end(folder)
      var settings = LiveServer.Settings(try ListenAddress("127.0.0.1:0"), folder: RunFolder(folder))
      settings.interval = .milliseconds(20)
      settings.endsWithRun = true
      settings.linger = .milliseconds(300)
      let (end, stop) = AsyncStream.makeStream(of: Void.self)
      // Nobody stops it.
      try await LiveServer(settings).run(until: end) { _ in }
      stop.finish()
    }
  }

  @Test func aRunThatWasKilledHasGone() async throws {
    try await withTemporaryFolder { folder in
      let writer = try Self.begin(folder)
      var settings = LiveServer.Settings(try ListenAddress("127.0.0.1:0"), folder: RunFolder(folder))
      settings.interval = .milliseconds(20)
      settings.endsWithRun = true
      settings.linger = .milliseconds(100)
      let (end, stop) = AsyncStream.makeStream(of: Void.self)
      let (parent, gone) = AsyncStream.makeStream(of: Void.self)
      gone.finish()
      try await LiveServer(settings).run(until: end, parent: parent) { _ in }
      stop.finish()
      try writer.close()
    }
  }
}
