import Foundation
import HTTP
import TestSupport
import Testing

/// Where a server listens.
@Suite struct ListenAddressTests {
  @Test(arguments: [
    ("127.0.0.1:8080", ListenAddress.Place.network(host: "127.0.0.1", port: 8080), true),
    ("127.9.0.1:1", .network(host: "127.9.0.1", port: 1), true),
    ("localhost:0", .network(host: "localhost", port: 0), true),
    ("0.0.0.0:80", .network(host: "0.0.0.0", port: 80), false),
    ("128.0.0.1:80", .network(host: "128.0.0.1", port: 80), false),
    ("scorer.example:65535", .network(host: "scorer.example", port: 65_535), false),
    ("localhost.example:80", .network(host: "localhost.example", port: 80), false),
    ("[::1]:8080", .network(host: "::1", port: 8080), true),
    ("[0:0::1]:8080", .network(host: "0:0::1", port: 8080), true),
    ("[::ffff:127.0.0.1]:1", .network(host: "::ffff:127.0.0.1", port: 1), true),
    ("[::]:8080", .network(host: "::", port: 8080), false),
    ("unix:/run/s.socket", .socketFile("/run/s.socket"), true), ("unix:s", .socketFile("s"), true),
  ])
  func addressesAreRead(text: String, place: ListenAddress.Place, isLoopback: Bool) throws {
    let address = try ListenAddress(text)
    #expect(address.place == place)
    #expect(address.isLoopback == isLoopback)
    #expect(address.description == text)
  }

  @Test(arguments: [
    ("", "an address and a port"), ("8080", "an address and a port"), ("127.0.0.1", "an address and a port"),
    ("http://127.0.0.1:80", "an address and a port"), (":8080", "127.0.0.1:8080 for this machine alone"),
    ("*:8080", "0.0.0.0:8080 for all networks"), ("127.0.0.1:", "the port"), ("127.0.0.1:65536", "the port"),
    ("127.0.0.1:-1", "the port"), ("127.0.0.1:+1", "the port"), ("127.0.0.1:８", "the port"),
    ("127.0.0.1:99999999999999999999", "the port"), ("::1:8080", "stands in brackets: [::1]:8080"),
    ("[::g]:80", "no IPv6 address"), ("[127.0.0.1]:80", "no IPv6 address"),
    ("a b:80", "no address and no name"),
    ("a/b:80", "no address and no name"), ("unix:", "a path is needed"), ("unix:/run/", "a path is needed"),
    ("unix:/" + String(repeating: "p", count: 106), "106 bytes at most, and this one 107"),
  ])
  func whatIsNoAddressIsExplained(text: String, reason: String) {
    let error = #expect(throws: ListenAddressError.self) { try ListenAddress(text) }
    #expect(error?.description.contains(reason) == true, "\(error.map { "\($0)" } ?? "")")
    #expect(error?.exitStatus == .usage)
  }
}

/// Sockets of servers.
@Suite struct ListeningTests {
  @Test func aPortThatIsTakenIsSaid() async throws {
    let failure = try await withServer { _, port -> HTTPServerError? in
      do {
        _ = try HTTPServer(HTTPServerSettings(ListenAddress("127.0.0.1:\(port)")), handler: TestHandler())
        return nil
      } catch { return error as? HTTPServerError }
    }
    guard case .addressInUse = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.exitStatus == .unavailable)
  }

  @Test(arguments: ["203.0.113.1:0", "nowhere.invalid:80"]) func anAddressOfAnotherMachineIsRefused(
    text: String
  ) {
    #expect(throws: HTTPServerError.self) {
      try HTTPServer(HTTPServerSettings(ListenAddress(text)), handler: TestHandler())
    }
  }

  @Test func localhostAndAnyPortAreWhatTheySay() async throws {
    let (answer, address) = try await withServer(address: "localhost:0") { server, port in
      (try RawClient(port: port).request("GET /"), server.address)
    }
    #expect(answer.status == 200)
    guard case .network("localhost", 1...) = address.place else {
      Issue.record("\(address)")
      return
    }
  }

  private static func mode(_ path: String) -> UInt32? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test func aSocketFileIsThereWhileItListens() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/s.socket"
      let handler = TestHandler(answers: { request, _ in .text(.ok, request.client) })
      let (answer, mode, port) = try await withServer(handler, address: "unix:\(path)") { server, _ in
        (try RawClient(file: path).request("GET /"), Self.mode(path), server.port)
      }
      #expect(answer.text == "unix")
      #expect(mode == 0o600)
      #expect(port == nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func aSocketFileOfADeadProcessIsReplacedAndALiveOneIsNot() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/s.socket"
      // As a process leaves it that was killed: bound, and nobody listens.
      // SOCK_STREAM, by its number: its name is hidden where two C modules have it.
      let dead = socket(AF_UNIX, 1, 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let isBound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      close(dead)
      try #require(isBound == 0)
      let (status, second) = try await withServer(address: "unix:\(path)") {
        _, _ -> (Int, HTTPServerError?) in
        do {
          _ = try HTTPServer(HTTPServerSettings(ListenAddress("unix:\(path)")), handler: TestHandler())
          return (0, nil)
        } catch {
          return (try RawClient(file: path).request("GET /").status, error as? HTTPServerError)
        }
      }
      #expect(status == 200)
      #expect(second == .addressInUse(try ListenAddress("unix:\(path)")))
    }
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/notes.txt"
      try "notes".write(toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: HTTPServerError.self) {
        try HTTPServer(HTTPServerSettings(ListenAddress("unix:\(path)")), handler: TestHandler())
      }
      #expect(error?.description.contains("no socket") == true)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "notes")
    }
  }

  @Test func aSocketFileThatSomebodyHasReplacedIsNotRemoved() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/s.socket"
      _ = try await withServer(address: "unix:\(path)") { _, _ in
        try FileManager.default.removeItem(atPath: path)
        try "another one's".write(toFile: path, atomically: true, encoding: .utf8)
        return true
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "another one's")
    }
  }
}
