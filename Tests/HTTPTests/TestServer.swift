import Foundation
import HTTP
import TestSupport

/// A handler of closures. Without one it answers with what it got: the method, the path, the arguments and the body.
struct TestHandler: HTTPHandler {
  var refuses: @Sendable (HTTPRequest) -> HTTPAnswer? = { _ in nil }
  var answers: @Sendable (HTTPRequest, () -> HTTPReply) -> HTTPAnswer? = { request, _ in Self.echo(request) }

  static func echo(_ request: HTTPRequest) -> HTTPAnswer {
    let arguments = request.arguments.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    return .text(
      .ok, "\(request.method) \(request.path) \(arguments) \(String(decoding: request.body, as: UTF8.self))")
  }

  func refusal(ofHead request: HTTPRequest) -> HTTPAnswer? { refuses(request) }

  func refusal(of request: HTTPRequest, breaking limit: HTTPLimit) -> HTTPAnswer {
    .text(limit.status, limit.description)
  }

  func answer(_ request: HTTPRequest, later: () -> HTTPReply) -> HTTPAnswer? { answers(request, later) }
}

/// Runs `body` on a thread of its own: it waits for sockets, which the threads of tests must not.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}

/// Runs `body` on a thread of its own, with a server on a free port of loopback, or at `address`.
func withServer<Value: Sendable>(
  _ handler: TestHandler = TestHandler(), limits: ServerLimits = ServerLimits(), tls: TLSFiles? = nil,
  address: String = "127.0.0.1:0",
  _ body: @escaping @Sendable (_ server: HTTPServer, _ port: Int) throws -> Value
) async throws -> Value {
  try await onThread {
    let server = try HTTPServer(
      HTTPServerSettings(try ListenAddress(address), tls: tls, limits: limits), handler: handler)
    defer { server.stop(within: .seconds(600)) }
    return try body(server, server.port ?? 0)
  }
}

/// Waits, without a bound that a busy machine could break, until `condition` holds.
func wait(until condition: () -> Bool) throws {
  let deadline = ContinuousClock.now + .seconds(600)
  while !condition() {
    guard ContinuousClock.now < deadline else { throw RawClient.Broken(description: "waited in vain") }
    usleep(2_000)
  }
}
