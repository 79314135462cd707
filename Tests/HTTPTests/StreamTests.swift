import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

/// Answers that come piece by piece.
@Suite struct StreamTests {
  /// A source that tests fill.
  private final class Source: Sendable {
    private struct State {
      var pieces: [[UInt8]] = []
      var isEnded = false
      var asked = 0
      var closed = 0
    }

    private let state = Mutex(State())
    let stream = Mutex<HTTPStream?>(nil)

    func makeStream() -> HTTPStream {
      let stream = HTTPStream(
        next: { [self] in
          state.withLock { state in
            state.asked += 1
            if !state.pieces.isEmpty { return .piece(state.pieces.removeFirst()) }
            return state.isEnded ? .end : .wait
          }
        }, ended: { [self] in state.withLock { $0.closed += 1 } })
      self.stream.withLock { $0 = stream }
      return stream
    }

    func add(_ text: String, isLast: Bool = false) {
      state.withLock { state in
        if !text.isEmpty { state.pieces.append(Array(text.utf8)) }
        if isLast { state.isEnded = true }
      }
      stream.withLock { $0 }?.wake()
    }

    var asked: Int { state.withLock { $0.asked } }
    var closed: Int { state.withLock { $0.closed } }

    var answer: HTTPAnswer {
      var answer = HTTPAnswer(.ok, headers: ["Content-Type": "text/event-stream"])
      answer.stream = makeStream()
      return answer
    }
  }

  private static let get = "GET /stream HTTP/1.1\r\nHost: t\r\n\r\n"

  private func handler(_ source: Source) -> TestHandler {
    TestHandler(answers: { request, _ in
      request.path == "/stream" ? source.answer : TestHandler.echo(request)
    })
  }

  @Test func piecesComeInOrderAndTheConnectionGoesOn() async throws {
    let source = Source()
    let (head, body, next) = try await withServer(handler(source)) { _, port in
      let client = try RawClient(port: port)
      client.send(Self.get)
      let head = try client.response()
      // It waits before the first piece, between pieces, and then gets many at once.
      try wait { source.asked > 0 }
      for number in 0..<50 {
        source.add("piece \(number)\n")
        if number % 10 == 0 { usleep(3_000) }
      }
      source.add(String(repeating: "x", count: 40_000), isLast: true)
      try wait { source.closed == 1 }
      client.send("GET /next HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
      let rest = client.rest()
      let end = try #require(rest.firstRange(of: Array("0\r\n\r\n".utf8)))
      return (
        head, ChunkedBody.text(Array(rest[..<end.upperBound])),
        String(decoding: rest[end.upperBound...], as: UTF8.self)
      )
    }
    #expect(head.status == 200)
    #expect(head.headers["transfer-encoding"] == "chunked")
    #expect(body.isWhole)
    #expect(
      body.text == (0..<50).map { "piece \($0)\n" }.joined() + String(repeating: "x", count: 40_000))
    #expect(next.hasPrefix("HTTP/1.1 200") && next.hasSuffix("GET /next  "))
    #expect(source.closed == 1)
  }

  @Test func noCallToWakeIsLost() async throws {
    // The source is filled from another thread while the server asks: wherever the two meet, all must come.
    let source = Source()
    let text = try await withServer(handler(source)) { _, port in
      let client = try RawClient(port: port)
      client.send(Self.get)
      _ = try client.response()
      try wait { source.asked > 0 }
      Thread.detachNewThread {
        for number in 0..<5_000 { source.add("\(number) ") }
        source.add("", isLast: true)
      }
      try wait { source.closed == 1 }
      client.finishSending()
      return ChunkedBody.text(client.rest())
    }
    #expect(text.isWhole)
    #expect(text.text == (0..<5_000).map { "\($0) " }.joined())
  }

  @Test func aClientThatGoesWhileNothingHappensIsSeen() async throws {
    let source = Source()
    let counts = try await withServer(handler(source)) { server, port in
      do {
        let client = try RawClient(port: port)
        client.send(Self.get)
        _ = try client.response()
        try wait { source.asked > 0 }
      }
      // Nobody wakes the stream.
      try wait { source.closed == 1 && server.counts.connections == 0 }
      source.add("to nobody")
      return server.counts
    }
    #expect(counts.accepted == 1)
    #expect(source.closed == 1)
  }

  @Test func aClientThatTakesNothingIsCutAndHoldsUpNobody() async throws {
    var limits = ServerLimits()
    limits.requestTimeout = .milliseconds(400)
    let source = Source()
    let (counts, status) = try await withServer(handler(source), limits: limits) { server, port in
      let client = try RawClient(port: port)
      client.shrinkReceiveBuffer()
      client.send(Self.get)
      try wait { source.asked > 0 }
      for _ in 0..<200 { source.add(String(repeating: "y", count: 100_000)) }
      let status = try RawClient(port: port).request("GET /other").status
      try wait { server.counts.cutForSlowness == 1 }
      try wait { source.closed == 1 }
      withExtendedLifetime(client) {}
      return (server.counts, status)
    }
    #expect(status == 200)
    #expect(counts.cutForSlowness == 1)
  }

  @Test func oneThatWaitsIsNotSlow() async throws {
    var limits = ServerLimits()
    limits.requestTimeout = .seconds(4)
    limits.idleTimeout = .seconds(4)
    let source = Source()
    let (text, counts) = try await withServer(handler(source), limits: limits) { server, port in
      let client = try RawClient(port: port)
      client.send(Self.get)
      _ = try client.response()
      try wait { source.asked > 0 }
      // Three times as long as anything else may take.
      sleep(13)
      source.add("late", isLast: true)
      try wait { source.closed == 1 }
      let counts = server.counts
      return (ChunkedBody.text(client.rest()), counts)
    }
    #expect(text == ("late", true))
    #expect(counts.cutForSlowness == 0)
  }

  @Test func theEndOfTheServerEndsIt() async throws {
    let source = Source()
    let (text, cut) = try await onThread {
      let server = try HTTPServer(
        HTTPServerSettings(try ListenAddress("127.0.0.1:0")), handler: handler(source))
      let client = try RawClient(port: server.port ?? 0)
      client.send(Self.get)
      _ = try client.response()
      source.add("before")
      try wait { source.asked > 1 }
      let cut = server.stop(within: .seconds(600))
      return (ChunkedBody.text(client.rest()), cut)
    }
    #expect(text == ("before", true))
    #expect(cut == 0)
    #expect(source.closed == 1)
  }

  @Test func headIsAnsweredWithoutAskingTheSource() async throws {
    let source = Source()
    let answer = try await withServer(handler(source)) { _, port in
      let client = try RawClient(port: port)
      client.send("HEAD /stream HTTP/1.1\r\nHost: t\r\n\r\n")
      let answer = try client.response(isHead: true)
      try wait { source.closed == 1 }
      return answer
    }
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "text/event-stream")
    #expect(source.asked == 0)
  }

  @Test func manyAtOnce() async throws {
    let sources = (0..<20).map { _ in Source() }
    let handler = TestHandler(answers: { request, _ in
      sources[Int(request.path.dropFirst()) ?? 0].answer
    })
    let texts = try await withServer(handler) { _, port in
      let clients = try sources.indices.map { number in
        let client = try RawClient(port: port)
        client.send("GET /\(number) HTTP/1.1\r\nHost: t\r\n\r\n")
        return client
      }
      for client in clients { _ = try client.response() }
      for round in 0..<20 {
        for (number, source) in sources.enumerated() {
          source.add("\(number):\(round) ", isLast: round == 19)
        }
      }
      try wait { sources.allSatisfy { $0.closed == 1 } }
      return clients.map { client in
        client.finishSending()
        return ChunkedBody.text(client.rest())
      }
    }
    for (number, text) in texts.enumerated() {
      #expect(text == ((0..<20).map { "\(number):\($0) " }.joined(), true))
    }
  }
}

/// The same as a value.
@Suite struct StreamFlowTests {
  @Test func eachSleepIsWokenOnce() {
    var flow = StreamFlow()
    var steps = [flow.sleep(), flow.wake(), flow.wake(), flow.sleep(), flow.sleep()]
    // The second call to wake came before the second sleep, which therefore is none.
    #expect(steps == [true, true, false, false, true])
    steps = [flow.end(), flow.end(), flow.wake(), flow.sleep()]
    #expect(steps == [true, false, false, false])
    #expect(flow.isEnded)
  }

  @Test func whatIsClosedIsNotResumed() {
    var flow = StreamFlow()
    let steps = [flow.sleep(), flow.close(), flow.close(), flow.wake(), flow.end()]
    #expect(steps == [true, true, false, false, false])
  }
}
