import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

/// Answers that come later, from other threads.
@Suite struct LaterReplyTests {
  /// Keeps replies until some have come, and sends them in another order, each with its request's body.
  private final class Shuffler: Sendable {
    private let waiting = Mutex<[(HTTPReply, HTTPAnswer)]>([])
    private let size: Int

    init(_ size: Int) { self.size = size }

    func take(_ reply: HTTPReply, _ request: HTTPRequest) {
      let due = waiting.withLock { waiting in
        waiting.append((reply, TestHandler.echo(request)))
        guard waiting.count >= size else { return [] as [(HTTPReply, HTTPAnswer)] }
        defer { waiting = [] }
        return waiting
      }
      guard !due.isEmpty else { return }
      Thread.detachNewThread { for (reply, answer) in due.reversed() { reply.send(answer) } }
    }
  }

  @Test func eachClientGetsItsOwn() async throws {
    let clients = 30
    let rounds = 100
    let shuffler = Shuffler(10)
    // Every fifth is answered at once, so that both ways cross each other.
    let handler = TestHandler(answers: { request, later in
      if request.path.hasSuffix("0") { return TestHandler.echo(request) }
      shuffler.take(later(), request)
      return nil
    })
    let wrong = try await withServer(handler) { _, port -> [String] in
      let wrong = Mutex<[String]>([])
      let all = try (0..<clients).map { _ in try RawClient(port: port) }
      for round in 0..<rounds {
        // All of them send before any of them reads: of thirty, twenty-seven or thirty wait, and groups of ten must come together.
        let path = round % 5 == 0 ? "/r0" : "/r\(round)x"
        for (number, client) in all.enumerated() {
          let body = "client \(number) round \(round)"
          client.send("POST \(path) HTTP/1.1\r\nHost: t\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        for (number, client) in all.enumerated() {
          let answer = try client.response()
          if answer.status != 200 || answer.text != "POST \(path)  client \(number) round \(round)" {
            wrong.withLock { $0.append(answer.text) }
          }
        }
      }
      return wrong.withLock { $0 }
    }
    #expect(wrong.isEmpty)
  }

  @Test func aReplyThatIsLetGoIs500() async throws {
    let handler = TestHandler(answers: { request, later in
      let reply = later()
      // On this thread at once, and on another one later.
      if request.path == "/later" {
        Thread.detachNewThread { withExtendedLifetime(reply) { _ = usleep(10_000) } }
      }
      return nil
    })
    let answers = try await withServer(handler) { _, port in
      let client = try RawClient(port: port)
      return [
        try client.request("GET /now"), try client.request("GET /later"), try client.request("GET /now"),
      ]
    }
    #expect(answers.map(\.status) == [500, 500, 500])
  }

  @Test func aHandlerThatNeitherAnswersNorAsksForTimeIs500() async throws {
    let handler = TestHandler(answers: { _, _ in nil })
    let answer = try await withServer(handler) { _, port in try RawClient(port: port).request("GET /") }
    #expect(answer.status == 500)
  }

  @Test func theFirstAnswerCounts() async throws {
    let kept = Mutex<[HTTPReply]>([])
    let handler = TestHandler(answers: { request, later in
      switch request.path {
      case "/twice":
        let reply = later()
        reply.send(.text(.ok, "first"))
        reply.send(.text(.ok, "second"))
        kept.withLock { $0.append(reply) }
        return nil
      case "/both":
        // Asks for time, and then does not need it.
        kept.withLock { $0.append(later()) }
        return .text(.ok, "at once")
      default:
        // What is sent now belongs to requests that are over.
        kept.withLock { for reply in $0 { reply.send(.text(.ok, "stale")) } }
        return .text(.ok, "next")
      }
    })
    let texts = try await withServer(handler) { _, port in
      let client = try RawClient(port: port)
      return try ["/twice", "/next", "/both", "/next"].map { try client.request("GET \($0)").text }
    }
    #expect(texts == ["first", "next", "at once", "next"])
  }

  @Test func aClientThatHasGoneIsNoHarm() async throws {
    let kept = Mutex<[HTTPReply]>([])
    let handler = TestHandler(answers: { request, later in
      guard request.path == "/wait" else { return .text(.ok, "ok") }
      kept.withLock { $0.append(later()) }
      return nil
    })
    let (counts, status) = try await withServer(handler) { server, port in
      for _ in 0..<20 {
        let client = try RawClient(port: port)
        client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n")
      }
      try wait { kept.withLock { $0.count } == 20 }
      let replies = kept.withLock { kept in
        defer { kept = [] }
        return kept
      }
      for reply in replies { reply.send(.text(.ok, String(repeating: "x", count: 100_000))) }
      try wait { server.counts.connections == 0 }
      return (server.counts, try RawClient(port: port).request("GET /").status)
    }
    #expect(counts.accepted == 20)
    #expect(status == 200)
  }
}

/// The same as a value.
@Suite struct LaterAnswerTests {
  /// The value in a box, so that what is expected of it can be said in one line.
  private final class Box {
    var later = LaterAnswer()

    func promise() -> Int { later.promise() }
    func arrive(_ answer: HTTPAnswer, for promise: Int) -> Bool { later.arrive(answer, for: promise) }
    func next(ending: HTTPAnswer?) -> LaterAnswer.Step { later.next(ending: ending) }
    func abandon(_ answer: HTTPAnswer) -> Bool { later.abandon(answer) }
    func forget() { later.forget() }
  }

  private let a = HTTPAnswer.text(.ok, "a")
  private let b = HTTPAnswer.text(.ok, "b")

  @Test func anAnswerThatComesFirstIsSentWithoutWaiting() {
    let later = Box()
    let promise = later.promise()
    #expect(!later.arrive(a, for: promise))
    #expect(later.next(ending: nil) == .send(a))
    #expect(!later.arrive(b, for: promise))
  }

  @Test func anAnswerThatComesLaterResumesOnce() {
    let later = Box()
    let promise = later.promise()
    #expect(later.next(ending: nil) == .wait)
    #expect(later.arrive(a, for: promise))
    #expect(!later.arrive(b, for: promise))
    #expect(later.next(ending: nil) == .send(a))
    #expect(later.next(ending: nil) == .nobodyAnswers)
  }

  @Test func anAnswerDoesNotReachTheNextRequest() {
    let later = Box()
    let former = later.promise()
    later.forget()
    #expect(!later.arrive(a, for: former))
    let promise = later.promise()
    #expect(later.next(ending: nil) == .wait)
    #expect(!later.arrive(a, for: former))
    #expect(later.arrive(b, for: promise))
    #expect(later.next(ending: nil) == .send(b))
  }

  @Test func atTheEndNothingWaits() {
    let later = Box()
    #expect(!later.abandon(b))
    let promise = later.promise()
    #expect(!later.abandon(b), "its handler has not returned: the next step sees to it")
    #expect(later.next(ending: b) == .send(b))
    #expect(!later.arrive(a, for: promise))
    _ = later.promise()
    #expect(later.next(ending: nil) == .wait)
    #expect(later.abandon(b))
    #expect(!later.abandon(b))
    #expect(later.next(ending: b) == .send(b))
  }
}
