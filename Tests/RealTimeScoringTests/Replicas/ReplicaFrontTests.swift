import Files
import Foundation
import HTTP
import RealTimeScoring
import Supervision
import TestSupport
import Testing

/// What clients see of haproxy itself.
@Suite(
  .serialized, .timeLimit(.minutes(30)),
  .enabled(if: ReplicaFixture.isMissing == nil, Comment(rawValue: ReplicaFixture.isMissing ?? "")))
struct ReplicaFrontTests {
  /// What haproxy answers by itself has the shape of the protocol whose client asks.
  @Test func theFrontRefusesInTheClientsShape() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("", to: "\(folder)/a")
      try await ReplicaFixture.with(
        in: folder, try .fixed(1), arguments: ["--hold", folder],
        change: {
          $0.queueTimeout = .milliseconds(200)
          $0.arrivalTimeout = .seconds(15)
        }
      ) { set, _ in
        let front = FrontClient(set.address)
        #expect(try front.get("/v2/health/live").body == "{\"live\":true}")
        #expect(try front.get("/v2/health/ready").body == "{\"ready\":true}")
        // Four are as many as a replica is given.
        let held = (1...4).map { FrontClient.post("/score/\($0)/hold/a", to: set.address) }
        try await ReplicaFixture.wait { await set.figures().statistics?.inFlight == 4 }
        for (path, key) in [("/v2/models/a/infer", "error"), ("/score", "message"), ("/v2x", "message")] {
          let answer = try await FrontClient.post(path, to: set.address).value
          #expect(answer.status == 503 && answer.headers.contains("retry-after: 1"))
          #expect(answer.headers.contains("content-type: application/json"))
          let body = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: String]
          #expect(body == [key: "the service has no replica free for this request; try again"])
        }
        // A client knows its request again.
        let named = try FrontClient(set.address).ask(
          raw: "POST /score HTTP/1.1\r\nHost: test\r\nx-request-id: a, b\r\nx-ms-client-request-id: c\r\n"
            + "Content-Length: 0\r\n\r\n")
        #expect(named.status == 503 && named.headers.contains("x-request-id: a, b"))
        #expect(
          named.headers.contains("x-ms-client-request-id: c") && !named.headers.contains("x-ms-request-id"))
        // On a connection of its own: haproxy may have closed the first one, which had nothing to ask for long.
        let again = try FrontClient(set.address).get("/v2/health/live")
        #expect(again.headers.contains(/x-request-id: [0-9a-f-]{36}/))
        // A body that does not come costs nobody else anything; health is told however many wait.
        let slow = try FrontClient(set.address).ask(
          raw: "POST /score HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n1,2")
        #expect(slow.status == 408 && slow.body == "{\"message\":\"the request did not arrive within 15 s\"}")
        #expect(try FrontClient(set.address).get("/v2/health/ready").status == 200)
        try FileManager.default.removeItem(atPath: "\(folder)/a")
        for request in held { #expect(try await request.value.status == 200) }
      }
    }
  }

  /// A replica that comes up during a request's last wait is not asked, and has not failed at it either.
  @Test func whoWaitedUntilTheEndIsToldToComeAgain() async throws {
    try await withTemporaryFolder { folder in
      let sockets = ReplicaSockets(folder: folder)
      let address = try ListenAddress("unix:\(folder)/front")
      let text = HAProxyConfiguration(listen: address, sockets: sockets, slots: 1, requestsPerReplica: 4).text
      try AtomicFile.write(text, to: "\(folder)/haproxy.cfg")
      let replica = try await Service.start(
        name: "replica", executable: ReplicaFixture.python ?? "",
        arguments: [ReplicaFixture.script, "--listen", "unix:\(sockets.replica(1))"], log: "\(folder)/log")
      let haproxy = try await Service.start(
        name: "haproxy", executable: ReplicaDefaults.program,
        arguments: ["-db", "-f", "\(folder)/haproxy.cfg"], log: "\(folder)/log")
      defer { for service in [replica, haproxy] { kill(service.processID, SIGKILL) } }
      let control = HAProxyControl(socket: sockets.control)
      try await ReplicaFixture.wait {
        let answers = (try? await control.set(1, .maint)) != nil
        return answers && FileManager.default.fileExists(atPath: sockets.replica(1))
      }
      func waits() async throws -> Int {
        let rows = try await control.statistics().rows
        return rows.first { $0.kind == .server && $0.name == HAProxyConfiguration.waitingRoom }?.total ?? 0
      }
      var hasComeUpMeanwhile = false
      // On a slow machine it comes up too late now and then.
      while !hasComeUpMeanwhile {
        let before = try await waits()
        let answer = FrontClient.post("/score", to: address)
        try await ReplicaFixture.wait { try await waits() > before + ReplicaDefaults.retries }
        try await control.set(1, .ready)
        let figures = try await control.statistics()
        hasComeUpMeanwhile = figures.replica(1)?.isUp == true && figures.queued == 1
        #expect(try await answer.value.status == 503)
        // It takes the next one.
        if hasComeUpMeanwhile {
          #expect(try await FrontClient.post("/score", to: address).value.status == 200)
        }
        try await control.set(1, .maint)
      }
    }
  }

  @Test(
    .enabled(
      if: ExecutablePath.find("openssl") != nil && ExecutablePath.find("curl") != nil,
      "openssl or curl is not installed"))
  func clientsMayUseTLS() async throws {
    try await withTemporaryFolder { folder in
      let (certificate, key) = try await TestCertificate.make(in: folder)
      try await ReplicaFixture.with(
        in: folder, try .fixed(1),
        change: {
          $0.listen = ListenAddress(.network(host: "127.0.0.1", port: 0))
          $0.tls = TLSFiles(certificate: certificate, key: key)
        }
      ) { set, _ in
        let pem = "\(folder)/set/sockets/front.pem"
        let mode = try FileManager.default.attributesOfItem(atPath: pem)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let curl = try await Service.start(
          name: "curl", executable: "curl",
          arguments: ["-sS", "--cacert", certificate, "-d", "1,2,3", "https://\(set.address)/score"],
          log: "\(folder)/curl.log")
        var lines: [String] = []
        for await line in curl.lines { lines.append(line) }
        let said = try TextFile.text(of: "\(folder)/curl.log")
        #expect(try await curl.exit() == .exited(code: 0), "\(said)")
        #expect(lines.joined().contains("\"path\": \"/score\""))
        await set.stop()
        #expect(!FileManager.default.fileExists(atPath: pem))
      }
    }
  }
}
