import Foundation
import HTTP
import TestSupport
import Testing

/// Clients that are slow, on purpose or not, are cut, and others do not notice.
@Suite struct SlowClientTests {
  /// Short enough that a test does not take long, and long enough that a client on a busy machine is not taken for a slow one.
  private static var limits: ServerLimits {
    var limits = ServerLimits()
    limits.requestTimeout = .seconds(3)
    limits.idleTimeout = .seconds(600)
    return limits
  }

  /// Sends `drop` again and again until the server closes the connection, while somebody else is served. Returns how many of the other's
  /// requests were answered.
  private static func drip(_ first: String, _ drop: String) async throws -> (served: Int, cut: Int) {
    try await withServer(limits: limits) { server, port in
      let slow = try RawClient(port: port)
      slow.send(first)
      let other = try RawClient(port: port)
      var served = 0
      while !slow.isClosed, slow.send(drop) {
        guard try other.request("GET /other").text == "GET /other  " else { break }
        served += 1
        // A head that grows too fast would reach the bound of its length first.
        usleep(30_000)
      }
      return (served, server.counts.cutForSlowness)
    }
  }

  @Test(arguments: [
    ("", "G"), ("GET / HTTP/1.1\r\nHost: t\r\n", "X: y\r\n"),
    ("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n", "b"),
    ("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nb\r\n"),
    ("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
  ])
  func whoSendsLittleByLittleIsCut(first: String, drop: String) async throws {
    let (served, cut) = try await Self.drip(first, drop)
    #expect(served > 0)
    #expect(cut == 1)
  }

  @Test func whoSendsNothingIsCut() async throws {
    let cut = try await withServer(limits: Self.limits) { server, port in
      let silent = try RawClient(port: port)
      _ = silent.rest()
      return server.counts.cutForSlowness
    }
    #expect(cut == 1)
  }

  @Test func whoDoesNotReadIsCut() async throws {
    let handler = TestHandler(answers: { _, _ in
      HTTPAnswer(type: "x/y", body: [UInt8](repeating: 7, count: 30 << 20))
    })
    let counts = try await withServer(handler, limits: Self.limits) { server, port in
      let slow = try RawClient(port: port)
      slow.shrinkReceiveBuffer()
      slow.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
      try wait { server.counts.cutForSlowness == 1 && server.counts.connections == 0 }
      return server.counts
    }
    #expect(counts.accepted == 1)
  }

  @Test func aKeptConnectionThatIsIdleIsClosed() async throws {
    var limits = ServerLimits()
    limits.idleTimeout = .milliseconds(200)
    let (status, rest) = try await withServer(limits: limits) { _, port in
      let client = try RawClient(port: port)
      return (try client.request("GET /").status, client.rest())
    }
    #expect(status == 200)
    #expect(rest.isEmpty)
  }

  @Test func anAnswerMayTakeLongerThanARequest() async throws {
    var limits = ServerLimits()
    limits.requestTimeout = .milliseconds(400)
    limits.idleTimeout = .milliseconds(400)
    let handler = TestHandler(answers: { _, later in
      let reply = later()
      Thread.detachNewThread {
        sleep(2)
        reply.send(.text(.ok, "late"))
      }
      return nil
    })
    let answer = try await withServer(handler, limits: limits) { _, port -> RawClient.Response in
      // A busy machine may take this client itself for a slow one.
      for _ in 0..<50 {
        if let answer = try? RawClient(port: port).request("GET /") { return answer }
      }
      throw RawClient.Broken(description: "never answered")
    }
    #expect(answer.text == "late")
  }

  /// Those who hold all connections, and say nothing, do not keep anybody out.
  @Test func aFullServerMakesRoom() async throws {
    var limits = ServerLimits()
    limits.connections = 20
    limits.patienceWhenFull = .milliseconds(50)
    let (status, counts) = try await withServer(limits: limits) { server, port in
      let holders = try (0..<40).map { _ in try RawClient(port: port) }
      for client in holders { client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nx") }
      var status = 0
      // It may itself be among those that are cut, where the machine is busy.
      while status == 0 { status = (try? RawClient(port: port).request("GET /"))?.status ?? 0 }
      // Those that are let go are closed, and hold nothing.
      return withExtendedLifetime(holders) { (status, server.counts) }
    }
    #expect(status == 200)
    #expect(counts.cutForRoom > 0)
    #expect(counts.cutForSlowness == 0)
  }
}

/// The same as a value, without sockets and without waiting.
@Suite struct ConnectionWatchTests {
  private static var limits: ServerLimits {
    var limits = ServerLimits()
    limits.requestTimeout = .seconds(30)
    limits.idleTimeout = .seconds(60)
    limits.patienceWhenFull = .seconds(1)
    limits.connections = 16
    return limits
  }

  private static let second: Int64 = 1_000_000_000

  @Test(arguments: ConnectionPhase.allCases) func eachPhaseHasItsBound(phase: ConnectionPhase) {
    let bound: Int64? =
      switch phase {
      case .opened, .receiving, .sending: 30
      case .kept: 60
      case .answering, .streaming: nil
      }
    let watch = ConnectionWatch(Self.limits)
    for age in [0, 29, 30, 59, 60, 1_000_000] as [Int64] {
      let cuts = watch.cuts([.init(phase, since: 5 * Self.second)], now: (5 + age) * Self.second)
      let isCut = bound.map { age >= $0 } ?? false
      #expect(cuts == (isCut ? [.init(position: 0, reason: .tooSlow)] : []), "\(phase) after \(age) s")
    }
  }

  @Test func whereAllAreTakenTheSlowestMakeRoom() {
    let watch = ConnectionWatch(Self.limits)
    // The 10th is the oldest, but its answer is being made; then come the 3rd and the 7th.
    var seen = (0..<16).map { _ in ConnectionWatch.Sight(.receiving, since: 20 * Self.second) }
    seen[10] = .init(.answering, since: 0)
    seen[3] = .init(.kept, since: 15 * Self.second)
    seen[7] = .init(.opened, since: 16 * Self.second)
    #expect(
      watch.cuts(seen, now: 22 * Self.second)
        == [.init(position: 3, reason: .makesRoom), .init(position: 7, reason: .makesRoom)])
    // With a place free, nobody has to go.
    #expect(watch.cuts(Array(seen.dropLast()), now: 22 * Self.second).isEmpty)
    // Who has just come is not slow.
    let fresh = (0..<16).map { _ in ConnectionWatch.Sight(.opened, since: 22 * Self.second) }
    #expect(watch.cuts(fresh, now: 22 * Self.second + Self.second / 2).isEmpty)
  }

  @Test func shortLimitsAreLookedAtOften() {
    var limits = Self.limits
    #expect(ConnectionWatch(limits).interval == .milliseconds(250))
    limits.idleTimeout = .milliseconds(40)
    #expect(ConnectionWatch(limits).interval == .milliseconds(10))
    limits.idleTimeout = .zero
    #expect(ConnectionWatch(limits).interval == .milliseconds(1))
  }
}
