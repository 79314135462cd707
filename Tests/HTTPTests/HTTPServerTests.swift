import Foundation
import HTTP
import TestSupport
import Testing

/// The server on real sockets: the protocol.
@Suite struct HTTPServerTests {
  @Test func answersWhatItIsAsked() async throws {
    let answers = try await withServer { _, port in
      let client = try RawClient(port: port)
      return [
        try client.request("GET /a/b?x=1&y=a%20b&flag"), try client.request("POST /score", body: "12345"),
        try client.request("DELETE /%C3%A9%2Fx"), try client.request("PATCH /"),
        try client.request("POST /empty", headers: ["Content-Length: 0"]), try client.request("POST /none"),
      ]
    }
    #expect(
      answers.map(\.text) == [
        "GET /a/b x=1&y=a b&flag= ", "POST /score  12345", "DELETE /é/x  ", "PATCH /  ", "POST /empty  ",
        "POST /none  ",
      ])
    #expect(answers.allSatisfy { $0.status == 200 })
    #expect(answers[0].headers["content-type"] == "text/plain; charset=utf-8")
    #expect(answers[0].headers["date"] != nil)
  }

  @Test func aPathDoesNotEndAtAnEncodedZero() async throws {
    let answer = try await withServer { _, port in try RawClient(port: port).request("GET /score%00.txt%zz%4")
    }
    #expect(answer.text == "GET /score%00.txt%zz%4  ")
  }

  @Test func headHasNoBody() async throws {
    let (head, get) = try await withServer { _, port in
      let client = try RawClient(port: port)
      return (try client.request("HEAD /x"), try client.request("GET /x"))
    }
    #expect(head.status == 200)
    #expect(head.headers["content-length"] == "\("HEAD /x  ".utf8.count)")
    // It would begin with the body of the other one.
    #expect(get.text == "GET /x  ")
  }

  /// Larger than what one write to a socket takes.
  @Test func aFileIsSentAsItIs() async throws {
    try await withTemporaryFolder { folder in
      let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/file"))
      var handler = TestHandler()
      handler.answers = { _, _ in
        var answer = HTTPAnswer(.ok, headers: ["Content-Type": "text/csv"])
        answer.file = HTTPFile(descriptor: open("\(folder)/file", O_RDONLY), count: bytes.count)
        return answer
      }
      let (get, head) = try await withServer(handler) { _, port in
        let client = try RawClient(port: port)
        return (try client.request("GET /"), try client.request("HEAD /"))
      }
      #expect(get.body == bytes && get.headers["content-type"] == "text/csv")
      #expect(head.headers["content-length"] == "3000000" && head.body.isEmpty)
    }
  }

  @Test func chunksAreOneBody() async throws {
    let answer = try await withServer { _, port in
      let client = try RawClient(port: port)
      client.send("POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
      client.send("3\r\nabc\r\n")
      client.send("A;name=value\r\n0123456789\r\n0\r\n\r\n")
      return try client.response()
    }
    #expect(answer.text == "POST /c  abc0123456789")
  }

  @Test func requestsInOnePieceAreAnsweredInTheirOrder() async throws {
    let answers = try await withServer { _, port in
      let client = try RawClient(port: port)
      let one = (0..<50).map { "POST /\($0) HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nab" }
      client.send(one.joined())
      return try one.map { _ in try client.response().text }
    }
    #expect(answers == (0..<50).map { "POST /\($0)  ab" })
  }

  @Test func aConnectionIsClosedWhereTheClientSaysSo() async throws {
    let (answer, rest, old, oldRest) = try await withServer { _, port in
      let client = try RawClient(port: port)
      let answer = try client.request("GET /", headers: ["Connection: close"])
      let older = try RawClient(port: port)
      older.send("GET /old HTTP/1.0\r\n\r\n")
      return (answer, client.rest(), try older.response(), older.rest())
    }
    #expect(answer.status == 200)
    #expect(rest.isEmpty)
    #expect(old.text == "GET /old  ")
    #expect(oldRest.isEmpty)
  }

  @Test func http10KeepsAConnectionWhereItAsksForIt() async throws {
    let answers = try await withServer { _, port in
      let client = try RawClient(port: port)
      return try (0..<2).map { number in
        client.send("GET /\(number) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        return try client.response().text
      }
    }
    #expect(answers == ["GET /0  ", "GET /1  "])
  }

  @Test func aClientThatWaitsForTheWordIsGivenIt() async throws {
    let (first, second) = try await withServer { _, port in
      let client = try RawClient(port: port)
      client.send("POST /e HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
      let first = try client.response()
      client.send("abc")
      return (first, try client.response())
    }
    #expect(first.status == 100)
    #expect(second.text == "POST /e  abc")
  }

  @Test func aClientThatHasSentEverythingMayCloseItsSide() async throws {
    let answer = try await withServer { _, port in
      let client = try RawClient(port: port)
      client.send("POST /h HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc")
      client.finishSending()
      return try client.response()
    }
    #expect(answer.text == "POST /h  abc")
  }

  /// Its last bytes and its end come at once, and the server waits for nothing more.
  @Test func aClientThatLeavesInTheMiddleIsNotWaitedFor() async throws {
    var limits = ServerLimits()
    limits.idleTimeout = .seconds(600)
    limits.requestTimeout = .seconds(600)
    let (counts, rests) = try await withServer(limits: limits) { server, port in
      var rests: [[UInt8]] = []
      for bytes in [
        "", "GE", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc",
      ] {
        let client = try RawClient(port: port)
        client.send(bytes)
        client.finishSending()
        rests.append(client.rest())
      }
      try wait { server.counts.connections == 0 }
      return (server.counts, rests)
    }
    #expect(rests.allSatisfy { $0.isEmpty })
    #expect(counts.cutForSlowness == 0)
  }

  @Test func theHandlerSeesHeadersAndTheClient() async throws {
    let handler = TestHandler(answers: { request, _ in
      let headers = request.headers.fields.map { "\($0.name): \($0.value)" }.joined(separator: "|")
      return .text(.ok, "\(request.client) \(request.isEncrypted) \(headers)")
    })
    let answer = try await withServer(handler) { _, port in
      try RawClient(port: port).request("GET /", headers: ["X-Request-ID: 7", "x-empty:", "X-Request-Id: 8"])
    }
    #expect(answer.text == "127.0.0.1 false Host: test|X-Request-ID: 7|x-empty: |X-Request-Id: 8")
  }

  @Test func anAnswerCannotBeSplitByAHeader() async throws {
    let handler = TestHandler(answers: { request, _ in
      HTTPAnswer(.ok, headers: ["X-Good": "1", "X-Bad": "a\r\nX-Injected: 1"], body: Array("x".utf8))
    })
    let answer = try await withServer(handler) { _, port in try RawClient(port: port).request("GET /") }
    #expect(answer.headers["x-good"] == "1")
    #expect(answer.headers["x-injected"] == nil)
    #expect(answer.text == "x")
  }

  @Test func largeBodiesComeAndGoWhole() async throws {
    let handler = TestHandler(answers: { request, _ in HTTPAnswer(type: "x/y", body: request.body) })
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let answer = try await withServer(handler) { _, port in
      let client = try RawClient(port: port)
      // Nothing comes back before all of it has come, so it is sent without reading.
      client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(body.count)\r\n\r\n")
      client.send(body)
      return try client.response()
    }
    #expect(answer.body == body)
  }

  @Test func aRequestWithoutHostIsMalformed() async throws {
    let answer = try await withServer { _, port in
      let client = try RawClient(port: port)
      client.send("GET / HTTP/1.1\r\n\r\n")
      return try client.response()
    }
    #expect(answer.status == 400)
  }

  @Test func whatTheLibraryComplainsOfIsCounted() async throws {
    let counts = try await withServer { server, port in
      let client = try RawClient(port: port)
      client.send("this is no HTTP\r\n\r\n")
      _ = client.rest()
      try wait { server.counts.connections == 0 }
      return server.counts
    }
    #expect(counts.accepted == 1)
    #expect(counts.complaints > 0)
  }
}
