import Foundation
import HTTP
import TestSupport
import Testing

/// Requests that break a limit of the server get an answer in the handler's words, and harm nobody.
@Suite struct HTTPLimitTests {
  private static var small: ServerLimits {
    var limits = ServerLimits()
    limits.bodyBytes = 1_000
    return limits
  }

  @Test func aBodyThatIsTooLongIsRefusedAndTheConnectionGoesOn() async throws {
    let (exact, tooLong, next) = try await withServer(limits: Self.small) { _, port in
      let client = try RawClient(port: port)
      return (
        try client.request("POST /", body: String(repeating: "a", count: 1_000)),
        try client.request("POST /", body: String(repeating: "a", count: 1_001)),
        try client.request("GET /next")
      )
    }
    #expect(exact.status == 200)
    #expect(tooLong.status == 413)
    #expect(tooLong.text == "the body has more than 1000 bytes")
    #expect(next.text == "GET /next  ")
  }

  @Test func aBodyOfChunksThatGrowsTooLongIsRefused() async throws {
    let (tooLong, next) = try await withServer(limits: Self.small) { _, port in
      let client = try RawClient(port: port)
      client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<15 { client.send("64\r\n\(String(repeating: "b", count: 100))\r\n") }
      client.send("0\r\n\r\n")
      return (try client.response(), try client.request("GET /next"))
    }
    #expect(tooLong.status == 413)
    #expect(next.text == "GET /next  ")
  }

  @Test func aBodyWithoutEndIsCut() async throws {
    let isCut = try await withServer(limits: Self.small) { _, port in
      let client = try RawClient(port: port)
      client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
      // Until the connection is cut: the server reads a refused body to twice its limit.
      while client.send("64\r\n\(String(repeating: "b", count: 100))\r\n") {}
      return true
    }
    #expect(isCut)
  }

  @Test func aPromiseOfFarTooMuchIsRefusedBeforeItIsSent() async throws {
    let (far, waiting) = try await withServer(limits: Self.small) { _, port in
      let first = try RawClient(port: port)
      first.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5000000\r\n\r\n")
      let second = try RawClient(port: port)
      second.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1500\r\nExpect: 100-continue\r\n\r\n")
      return ((try first.response(), first.rest()), (try second.response(), second.rest()))
    }
    #expect(far.0.status == 413)
    #expect(far.1.isEmpty)
    #expect(waiting.0.status == 413)
    #expect(waiting.1.isEmpty)
  }

  @Test func theHeadMayBeRefusedAndTheHandlerDoesNotSeeTheBody() async throws {
    let handler = TestHandler(
      refuses: { $0.headers["Authorization"] == nil ? .text(.unauthorized, "no key") : nil })
    let answers = try await withServer(handler) { _, port in
      let client = try RawClient(port: port)
      return [
        try client.request("POST /", body: String(repeating: "c", count: 300_000)),
        try client.request("GET /"),
        try client.request("GET /", headers: ["Authorization: x"]),
      ]
    }
    #expect(answers.map(\.status) == [401, 401, 200])
  }

  /// Who has no key is not told of limits; and the connection ends all the same where the length of a body is in doubt.
  @Test func theHandlersRefusalComesBeforeLimits() async throws {
    let handler = TestHandler(refuses: { _ in .text(.unauthorized, "no key") })
    let (answers, rest) = try await withServer(handler, limits: Self.small) { _, port in
      let client = try RawClient(port: port)
      let answers = [
        try client.request("POST /", body: String(repeating: "a", count: 1_500)),
        try client.request("POST /", headers: ["Content-Encoding: gzip"], body: "zip"),
      ]
      client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
      client.send("GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n")
      return (answers + [try client.response()], client.rest())
    }
    #expect(answers.map(\.status) == [401, 401, 401])
    #expect(rest.isEmpty)
  }

  @Test func codedBodiesAreRefused() async throws {
    let answers = try await withServer { _, port in
      let client = try RawClient(port: port)
      return [
        try client.request("POST /", headers: ["Content-Encoding: gzip"], body: "zip"),
        try client.request("POST /", headers: ["Content-Encoding: Identity"], body: "plain"),
      ]
    }
    #expect(answers.map(\.status) == [415, 200])
    #expect(answers[0].text == "the body has the content encoding “gzip”; send it without one")
  }

  @Test(arguments: [
    "Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Content-Length: -3", "Content-Length: 3x",
    "Content-Length: 0x3", "Content-Length: 3, 3",
  ])
  func aLengthInDoubtIsMalformed(headers: String) async throws {
    let answer = try await withServer { _, port in
      let client = try RawClient(port: port)
      client.send("POST / HTTP/1.1\r\nHost: t\r\n\(headers)\r\n\r\n0\r\n\r\n")
      // What follows must not be taken for a request of its own where the length was in doubt.
      client.finishSending()
      return try client.response()
    }
    #expect(answer.status == 400)
  }

  @Test func aHeadThatIsTooLongIsRefused() async throws {
    let answers = try await withServer { _, port in
      let long = String(repeating: "h", count: HTTPDefaults.headerBytes)
      let header = try RawClient(port: port)
      header.send("GET / HTTP/1.1\r\nHost: t\r\nX-Long: \(long)\r\n\r\n")
      let line = try RawClient(port: port)
      line.send("GET /\(long) HTTP/1.1\r\nHost: t\r\n\r\n")
      return [try header.response(), try line.response()]
    }
    #expect(answers.map(\.status) == [431, 414])
  }

  @Test func bodiesTogetherHaveABound() async throws {
    var limits = ServerLimits()
    limits.bodyBytesTogether = 100_000
    let (refused, kept, next) = try await withServer(limits: limits) { _, port in
      let piece = String(repeating: "d", count: 60_000)
      let first = try RawClient(port: port)
      first.send("POST /kept HTTP/1.1\r\nHost: t\r\nContent-Length: 70000\r\n\r\n\(piece)")
      let second = try RawClient(port: port)
      // Each takes the server's thread once around, and with it the first one's part to where it is counted.
      for _ in 0..<50 { _ = try second.request("GET /") }
      let refused = try second.request("POST /", body: piece)
      first.send(String(repeating: "e", count: 10_000))
      let kept = try first.response()
      return (refused, kept, try second.request("POST /", body: piece))
    }
    #expect(refused.status == 503)
    #expect(kept.status == 200)
    #expect(kept.body.count == "POST /kept  ".utf8.count + 70_000)
    // What was received is given back.
    #expect(next.status == 200)
  }

  @Test func oneClientMayHaveSoManyConnections() async throws {
    var limits = ServerLimits()
    limits.connectionsPerClient = 3
    let (kept, further) = try await withServer(limits: limits) { _, port in
      let kept = try (0..<3).map { _ in try RawClient(port: port) }
      let statuses = try kept.map { try $0.request("GET /").status }
      let further = try RawClient(port: port)
      further.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
      return (statuses + (try kept.map { try $0.request("GET /").status }), further.rest())
    }
    #expect(kept == [200, 200, 200, 200, 200, 200])
    #expect(further.isEmpty)
  }
}
