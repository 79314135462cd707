import Files
import Foundation
import HTTP
import RealTimeScoring
import Supervision
import TestSupport
import Testing

/// What haproxy is told. haproxy itself says whether it would take it.
@Suite(.serialized) struct HAProxyConfigurationTests {
  private static var noHAProxy: Bool { ExecutablePath.find(ReplicaDefaults.program) == nil }

  private func configuration(_ listen: String, in folder: String, slots: Int = 3) throws
    -> HAProxyConfiguration
  {
    HAProxyConfiguration(
      listen: try ListenAddress(listen), sockets: ReplicaSockets(folder: folder), slots: slots,
      requestsPerReplica: 4)
  }

  /// haproxy's own words on `text`; nil where it has nothing to say against it.
  private func objections(to text: String, in folder: String) async throws -> String? {
    let (file, log) = ("\(folder)/haproxy.cfg", "\(folder)/check.log")
    try AtomicFile.write(text, to: file, existing: .replace)
    let check = try await Service.start(
      name: "haproxy", executable: ReplicaDefaults.program, arguments: ["-c", "-f", file], log: log)
    var lines: [String] = []
    for await line in check.lines { lines.append(line) }
    let exit = try await check.exit()
    let said = try TextFile.text(of: log)
    return exit == .exited(code: 0) && !said.contains("[WARNING]") ? nil : said + lines.joined()
  }

  @Test(
    .enabled(if: !noHAProxy, "haproxy is not installed"),
    arguments: [
      "127.0.0.1:18081", "[::1]:18081", "localhost:18081", "unix:/tmp/sonde-front-that-nobody-makes",
    ])
  func haproxyTakesIt(listen: String) async throws {
    try await withTemporaryFolder { folder in
      var configuration = try configuration(listen, in: folder)
      configuration.metricsSocket = "\(folder)/metrics"
      #expect(try await objections(to: configuration.text, in: folder) == nil)
    }
  }

  @Test(.enabled(if: !noHAProxy, "haproxy is not installed"), arguments: [1, ReplicaDefaults.mostReplicas])
  func haproxyTakesAsManySlotsAsThereMayBe(slots: Int) async throws {
    try await withTemporaryFolder { folder in
      // A folder's name may have a quotation mark and a space.
      let sockets = "\(folder)/it's here"
      let text = try configuration("127.0.0.1:18081", in: sockets, slots: slots).text
      #expect(try await objections(to: text, in: folder) == nil)
      #expect(text.matches(of: /(?m)^ +server r\d+ .* disabled$/).count == slots)
    }
  }

  @Test(
    .enabled(
      if: !noHAProxy && ExecutablePath.find("openssl") != nil, "haproxy or openssl is not installed"))
  func haproxyTakesACertificate() async throws {
    try await withTemporaryFolder { folder in
      let (certificate, key) = try await TestCertificate.make(in: folder)
      let pem = "\(folder)/front.pem"
      try AtomicFile.write(try TextFile.text(of: certificate) + TextFile.text(of: key), to: pem)
      var configuration = try configuration("127.0.0.1:18081", in: folder)
      configuration.certificate = pem
      #expect(try await objections(to: configuration.text, in: folder) == nil)
      #expect(configuration.text.contains(" ssl crt '\(pem)' ssl-min-ver TLSv1.2 "))
      // The check does look at it.
      configuration.certificate = certificate
      #expect(try await objections(to: configuration.text, in: folder) != nil)
    }
  }

  @Test func whatIsAskedForIsInIt() throws {
    var configuration = try configuration("127.0.0.1:18081", in: "/run/s")
    configuration.queueTimeout = .milliseconds(1500)
    configuration.queueLength = 7
    configuration.arrivalTimeout = .seconds(3)
    configuration.requestTimeout = .seconds(9)
    configuration.connections = 11
    let lines = configuration.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    for line in [
      "bind 127.0.0.1:18081", "timeout queue 1500ms", "timeout http-request 3000ms", "timeout server 9000ms",
      "maxconn 11", "http-request deny deny_status 503 if { queue(replicas) ge 7 }",
      "option http-buffer-request",
      "stats socket '/run/s/control' mode 600 level admin", "server r2 'unix@/run/s/r2' disabled",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(!configuration.text.contains("use_backend metrics"))
  }

  @Test(arguments: [
    ("/run/sonde/sockets", true), ("/run/it's here/ä", true), ("/run/$HOME", false), ("/run/a,b", false),
    ("/run/a\"b", false), ("/run/a\nb", false), ("/" + String(repeating: "x", count: 81), true),
    ("/" + String(repeating: "x", count: 82), false),
  ])
  func pathsThatHAProxyWouldChangeAreNotUsed(folder: String, isUsable: Bool) {
    #expect(ReplicaSockets(folder: folder).areUsable == isUsable)
  }
}

/// A certificate for 127.0.0.1 that nobody else knows.
enum TestCertificate {
  static func make(in folder: String) async throws -> (certificate: String, key: String) {
    let (certificate, key) = ("\(folder)/certificate.pem", "\(folder)/key.pem")
    let openssl = try await Service.start(
      name: "openssl", executable: "openssl",
      arguments: [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj",
        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ], log: "\(folder)/openssl.log")
    for await _ in openssl.lines {}
    guard try await openssl.exit() == .exited(code: 0) else {
      throw FrontClient.Failure(what: (try? TextFile.text(of: "\(folder)/openssl.log")) ?? "openssl failed")
    }
    return (certificate, key)
  }
}
