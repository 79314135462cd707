import Foundation
import HTTP
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// TLS, with a certificate made on the spot and a client that is not ours.
@Suite struct TLSTests {
  /// What a program printed, and its exit code.
  private static func run(_ program: String, _ arguments: [String]) async throws -> (
    status: Int, output: String
  ) {
    let result = try await Subprocess.run(
      .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    let status = if case .exited(let code) = result.terminationStatus { Int(code) } else { -1 }
    return (status, result.standardOutput + result.standardError)
  }

  private static func makeCertificate(_ folder: String) async throws -> TLSFiles {
    let files = TLSFiles(certificate: "\(folder)/certificate.pem", key: "\(folder)/key.pem")
    let made = try await run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files.key, "-out",
        files.certificate,
      ])
    try #require(made.status == 0, "\(made.output)")
    return files
  }

  private static func server(_ files: TLSFiles) throws -> HTTPServer {
    let handler = TestHandler(answers: { request, _ in
      .text(.ok, "\(request.isEncrypted) \(String(decoding: request.body, as: UTF8.self))")
    })
    return try HTTPServer(HTTPServerSettings(ListenAddress("127.0.0.1:0"), tls: files), handler: handler)
  }

  @Test func itSpeaksTLS12AndLaterAlone() async throws {
    try await withTemporaryFolder { folder in
      let files = try await Self.makeCertificate(folder)
      let server = try Self.server(files)
      let port = try #require(server.port)
      func ask(_ options: [String]) async throws -> (status: Int, output: String) {
        try await Self.run(
          "curl",
          ["-sS", "--max-time", "600", "--cacert", files.certificate, "--data-binary", "abc"] + options
            + ["https://127.0.0.1:\(port)/"])
      }
      for version in ["1.2", "1.3"] {
        let answer = try await ask(["--tlsv\(version)", "--tls-max", version])
        #expect(answer.status == 0, "\(version): \(answer.output)")
        #expect(answer.output == "true abc")
      }
      // Also where the client holds the old version to be good enough.
      let old = try await ask(["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"])
      #expect(old.status != 0, "\(old.output)")
      #expect(!old.output.contains("abc"))
      try await onThread {
        // Nor does it speak in clear.
        let plain = try RawClient(port: port)
        plain.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        #expect(!String(decoding: plain.rest(), as: UTF8.self).contains("200 OK"))
        server.stop(within: .seconds(600))
      }
    }
  }

  @Test func filesThatAreOfNoUseAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let good = try await Self.makeCertificate(folder)
      let other = try await withTemporaryFolder { try await Self.moved(Self.makeCertificate($0), to: folder) }
      try "nothing".write(toFile: "\(folder)/none.pem", atomically: true, encoding: .utf8)
      func failure(_ files: TLSFiles) -> HTTPServerError? {
        do {
          _ = try HTTPServer(
            HTTPServerSettings(ListenAddress("127.0.0.1:0"), tls: files), handler: TestHandler())
          return nil
        } catch { return error as? HTTPServerError }
      }
      let missing = "\(folder)/missing.pem"
      #expect(
        failure(TLSFiles(certificate: missing, key: good.key))
          == .badTLSFile(path: missing, reason: "No such file or directory"))
      #expect(
        failure(TLSFiles(certificate: good.certificate, key: "\(folder)/none.pem"))
          == .badTLSFile(
            path: "\(folder)/none.pem", reason: "it does not have a private key in the form of PEM"))
      #expect(
        failure(TLSFiles(certificate: good.key, key: good.certificate))
          == .badTLSFile(path: good.key, reason: "it does not have a certificate in the form of PEM"))
      // Both are sound, but they do not belong together.
      let mixed = try #require(failure(TLSFiles(certificate: good.certificate, key: other)))
      #expect("\(mixed)".contains(good.certificate))
      #expect(mixed.exitStatus == .usage)
    }
  }

  /// The key of a certificate, beside another one. Returns its path.
  private static func moved(_ files: TLSFiles, to folder: String) throws -> String {
    try FileManager.default.moveItem(atPath: files.key, toPath: "\(folder)/other.pem")
    return "\(folder)/other.pem"
  }
}
