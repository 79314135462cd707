import HTTPLoad
import Testing

/// URLs, and what is refused of them.
@Suite struct LoadTargetTests {
  @Test func urlsAreTakenApart() throws {
    let target = try LoadTarget("http://127.0.0.1:8080/v2/models/pump-001/infer?x=1")
    #expect(target.place == .host("127.0.0.1", port: 8080))
    #expect(target.authority == "127.0.0.1:8080")
    #expect(target.path == "/v2/models/pump-001/infer?x=1")
    #expect(target.model == "pump-001" && !target.hasPlaceholder)
    #expect(try LoadTarget("HTTP://localhost").path == "/")
    #expect(try LoadTarget("http://localhost").place == .host("localhost", port: 80))
    #expect(try LoadTarget("http://[::1]:81/score").place == .host("::1", port: 81))
    #expect(try LoadTarget("http://[::1]/score").place == .host("::1", port: 80))
    #expect(try LoadTarget("http://x?a").path == "/?a")
    let any = try LoadTarget("http://x/v2/models/{model}/infer")
    #expect(any.hasPlaceholder && any.model == nil)
    #expect(try LoadTarget("http://x/v2/models/a/versions/1/infer").model == "a")
    #expect(try LoadTarget("http://x/score", socket: "/tmp/s").place == .socket("/tmp/s"))
  }

  @Test(arguments: [
    "127.0.0.1:8080", "ftp://x/", "http://", "http:///score", "http://x:0/", "http://x:65536/", "http://x:/",
    "http://x:y/", "http://[::1/", "http://[::1]x/", "http://::1/", "http://x/a b", "http://x/é",
    "http://x/a#b",
    "http://x/\r\nHost: y", "",
  ])
  func whatIsNoURLIsRefused(url: String) {
    #expect(throws: HTTPLoadError.self) { try LoadTarget(url) }
  }

  @Test func httpsIsRefusedWithAReason() {
    let error = #expect(throws: HTTPLoadError.self) { try LoadTarget("https://x/score") }
    #expect(error?.description.contains("https is not spoken here") ?? false)
  }

  @Test func passwordsAreNotRepeated() {
    let error = #expect(throws: HTTPLoadError.self) { try LoadTarget("http://me:hunter2@x/score") }
    #expect(error?.description.contains("hunter2") == false)
  }

  @Test func aSocketFileHasAShortPath() {
    #expect(throws: HTTPLoadError.self) {
      try LoadTarget("http://x/score", socket: "/" + String(repeating: "x", count: 107))
    }
  }

  @Test func thePathTellsTheProtocol() {
    #expect(ScoringProtocol(path: "/score") == .azure)
    #expect(ScoringProtocol(path: "/api/score?x=/infer") == .azure)
    #expect(ScoringProtocol(path: "/v2/models/m/infer") == .oip)
    #expect(ScoringProtocol(path: "/predict") == nil)
  }

  @Test func loopbackIsToldFromOtherMachines() throws {
    func isLoopback(_ host: String) throws -> Bool {
      try LoadAddress.all(of: .host(host, port: 80)).allSatisfy(\.isLoopback)
    }
    #expect(try isLoopback("127.0.0.1") && isLoopback("127.8.9.10") && isLoopback("::1"))
    #expect(try isLoopback("::ffff:127.0.0.1"))
    for other in ["10.0.0.1", "0.0.0.0", "128.0.0.1", "::2", "::", "fe80::1", "::ffff:10.0.0.1"] {
      #expect(try !isLoopback(other), "\(other)")
    }
    #expect(try LoadAddress.all(of: .socket("/tmp/s")).allSatisfy(\.isLoopback))
  }
}
