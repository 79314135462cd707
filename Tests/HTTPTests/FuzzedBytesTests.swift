import Foundation
import HTTP
import Telemetry
import TestSupport
import Testing

/// Bytes that are nearly requests: the server answers or closes, and serves the next client.
@Suite struct FuzzedBytesTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["SONDE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2_000
  private static let seed =
    ProcessInfo.processInfo.environment["SONDE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 18

  private static let pieces = [
    "GET ", "POST ", "HEAD ", "/score", "/%zz%00%41?a=b&&=", " HTTP/1.1", " HTTP/1.0", " HTTP/9.9", "\r\n",
    "\n", "\r",
    "Host: t\r\n", "Content-Length: 5\r\n", "Content-Length: 18446744073709551616\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Connection: close\r\n",
    " folded: line\r\n",
    "\r\n\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "hello", "Cookie: a=b; c=\"d\r\n",
    ": no name\r\n",
    "\u{0}", "\u{7F}", "é",
  ].map { Array($0.utf8) }

  /// A request that may be sound, with some of its bytes changed, left out or doubled.
  private static func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array("POST /score HTTP/1.1\r\nHost: t\r\n".utf8)
    if Bool.random(using: &generator) { bytes = [] }
    for _ in 0..<Int.random(in: 1...12, using: &generator) {
      bytes += pieces.randomElement(using: &generator) ?? []
    }
    for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.remove(at: index)
      default: bytes.insert(bytes[index], at: index)
      }
    }
    return bytes
  }

  @Test func nothingThatIsSentBreaksTheServer() async throws {
    var limits = ServerLimits()
    limits.bodyBytes = 100
    // With this it looks for deserted connections every 10 ms.
    limits.patienceWhenFull = .milliseconds(40)
    let handler = TestHandler(answers: { request, later in
      guard request.body.count % 2 == 1 else { return TestHandler.echo(request) }
      let reply = later()
      Thread.detachNewThread { reply.send(.text(.ok, "later")) }
      return nil
    })
    let (statuses, counts) = try await withServer(handler, limits: limits) { server, port in
      var generator = SeededGenerator(seed: Self.seed, stream: "fuzzed-bytes")
      var statuses: [Int] = []
      for round in 0..<Self.rounds {
        let client = try RawClient(port: port)
        client.send(Self.bytes(&generator))
        // Without more to come, each request is complete or broken, and the server closes either way.
        client.finishSending()
        let rest = client.rest()
        guard rest.isEmpty || rest.starts(with: Array("HTTP/1.".utf8)) else {
          throw RawClient.Broken(
            description: "seed \(Self.seed), round \(round): \(String(decoding: rest, as: UTF8.self))")
        }
        if round % 100 == 0 { statuses.append(try RawClient(port: port).request("GET /").status) }
      }
      try wait { server.counts.connections == 0 }
      return (statuses, server.counts)
    }
    #expect(statuses.allSatisfy { $0 == 200 }, "seed \(Self.seed)")
    #expect(counts.accepted >= Self.rounds)
  }
}
