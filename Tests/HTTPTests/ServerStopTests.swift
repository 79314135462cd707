import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

/// How a server ends.
@Suite struct ServerStopTests {
  private final class Gate: Sendable {
    let waiting = Mutex<[HTTPReply]>([])

    var handler: TestHandler {
      TestHandler(answers: { [self] request, later in
        guard request.path == "/wait" else { return TestHandler.echo(request) }
        waiting.withLock { $0.append(later()) }
        return nil
      })
    }

    var count: Int { waiting.withLock { $0.count } }

    func open() {
      let replies = waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      for reply in replies { reply.send(.text(.ok, "done")) }
    }
  }

  private static func server(_ handler: TestHandler) throws -> (HTTPServer, Int) {
    let server = try HTTPServer(HTTPServerSettings(ListenAddress("127.0.0.1:0")), handler: handler)
    return (server, try #require(server.port))
  }

  @Test func requestsThatHaveBegunAreAnswered() async throws {
    let gate = Gate()
    let (cut, answers, idleRest) = try await onThread {
      let (server, port) = try Self.server(gate.handler)
      let idle = try RawClient(port: port)
      _ = try idle.request("GET /")
      let waiting = try (0..<5).map { _ in try RawClient(port: port) }
      for client in waiting { client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n") }
      try wait { gate.count == 5 }
      // Its body comes while the server ends.
      let sending = try RawClient(port: port)
      sending.send("POST /late HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
      _ = try sending.response()
      let stopping = Stopping(server)
      let idleRest = idle.rest()
      sending.send("body")
      let late = try sending.response()
      gate.open()
      let answers = try waiting.map { try $0.response() } + [late]
      return (stopping.wait(), answers, idleRest)
    }
    #expect(cut == 0)
    #expect(idleRest.isEmpty)
    #expect(answers.map(\.text) == Array(repeating: "done", count: 5) + ["POST /late  body"])
    #expect(answers.allSatisfy { $0.headers["connection"] == "close" })
  }

  @Test func afterTheDeadlineItEndsAnyway() async throws {
    let gate = Gate()
    let (cut, statuses, again) = try await onThread {
      let (server, port) = try Self.server(gate.handler)
      let waiting = try (0..<5).map { _ in try RawClient(port: port) }
      for client in waiting { client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n") }
      try wait { gate.count == 5 }
      let cut = server.stop(within: .milliseconds(50))
      let statuses = waiting.map { try? $0.response().status }
      // Too late, and no harm.
      gate.open()
      return (cut, statuses, server.stop(within: .seconds(1)))
    }
    #expect(cut == 5)
    #expect(statuses == [503, 503, 503, 503, 503])
    #expect(again == 0)
  }

  @Test func nobodyListensAfterwards() async throws {
    let left = try await onThread {
      let (server, port) = try Self.server(TestHandler())
      let clients = try (0..<10).map { _ in try RawClient(port: port) }
      for client in clients { _ = try client.request("GET /") }
      server.stop(within: .seconds(600))
      let isRefused = (try? RawClient(port: port)) == nil
      return (isRefused, try Sockets.open(localPort: port))
    }
    #expect(left.0)
    #expect(left.1 == 0)
  }

  @Test func aServerThatIsLetGoEnds() async throws {
    let isRefused = try await onThread {
      let port = try { try Self.server(TestHandler()).1 }()
      return (try? RawClient(port: port)) == nil
    }
    #expect(isRefused)
  }

  @Test func connectionsThatEndLeaveNoDescriptor() async throws {
    let (counts, left) = try await withServer { server, port in
      for round in 0..<200 {
        let client = try RawClient(port: port)
        switch round % 4 {
        case 0: _ = try client.request("GET /")
        case 1: client.send("GET / HT")
        case 2: client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc")
        default: client.send("nonsense\r\n\r\n")
        }
      }
      try wait { server.counts.connections == 0 }
      return (server.counts, try Sockets.open(localPort: port))
    }
    #expect(counts.accepted == 200)
    #expect(left == 1, "the one that listens")
  }
}

/// Ends a server on a thread of its own.
final class Stopping: Sendable {
  private let cut = Mutex<Int?>(nil)

  init(_ server: HTTPServer) {
    Thread.detachNewThread { [self] in
      let cut = server.stop(within: .seconds(600))
      self.cut.withLock { $0 = cut }
    }
  }

  /// How many requests were cut off.
  func wait() -> Int {
    while true {
      if let cut = cut.withLock({ $0 }) { return cut }
      usleep(1_000)
    }
  }
}

/// What the kernel lists.
enum Sockets {
  /// How many sockets that a process holds have this local port.
  static func open(localPort port: Int) throws -> Int {
    let ending = ":" + String(port, radix: 16, uppercase: true)
    return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").dropFirst()
      .count {
        let fields = $0.split(separator: " ")
        // A socket without an inode waits out its end, and no process has it.
        return fields.count > 9 && fields[1].hasSuffix(ending) && fields[9] != "0"
      }
  }
}
