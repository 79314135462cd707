import Files
import Foundation
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// `sonde serve --replicas` as its clients see it: keys, TLS and protocols hold through haproxy.
@Suite(.serialized) struct ServeReplicasTests {
  private static let tools = ["openssl", "curl", "haproxy"].allSatisfy { ExecutablePath.find($0) != nil }

  /// What curl got: the status, or its own exit code where there was no answer; and the body.
  private struct Got {
    var status: Int
    var exit: Int32
    var body: String

    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
  }

  private func run(_ program: String, _ arguments: [String]) async throws -> (exit: Int32, output: String) {
    let result = try await Subprocess.run(
      .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    guard case .exited(let code) = result.terminationStatus else { return (-1, "") }
    return (code, result.standardOutput)
  }

  /// What curl gets; what a busy machine cannot answer in time is asked again.
  private func curl(_ arguments: [String]) async throws -> Got {
    while true {
      let (exit, output) = try await run(
        "curl", ["--silent", "--max-time", "600", "--write-out", "\n%{http_code}"] + arguments)
      let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
      let status = lines.last.flatMap { Int($0) } ?? 0
      guard [502, 503, 504].contains(status) else {
        return Got(status: status, exit: exit, body: lines.dropLast().joined(separator: "\n"))
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Self.tools, "needs openssl, curl and haproxy"))
  func keysAndTLSHoldForEveryReplica() async throws {
    try await withTemporaryFolder { folder in
      let quickstart = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/run"] + smallScenario)
      #expect(quickstart.status == 0, "\(quickstart.errors)")
      let certificate = try await run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
          "-subj",
          "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/key.pem", "-out",
          "\(folder)/cert.pem",
        ])
      #expect(certificate.exit == 0)
      let created = try await SondeProgram.run(["keys", "create", "\(folder)/keys.json", "--name", "client"])
      let key = created.output.trimmingCharacters(in: .newlines)
      let service = try await Service.start(
        name: "serve", executable: SondeProgram.path,
        arguments: [
          "serve", "--models", "\(folder)/run/models", "--replicas", "2", "--folder", "\(folder)/serving",
          "--keys",
          "\(folder)/keys.json", "--tls-cert", "\(folder)/cert.pem", "--tls-key", "\(folder)/key.pem",
          "--listen",
          "127.0.0.1:0", "--address-file", "\(folder)/address",
        ], log: "\(folder)/serve.log")
      let lines = service.lines
      Task { for await _ in lines {} }
      while !FileManager.default.fileExists(atPath: "\(folder)/address") {
        try #require(
          kill(service.processID, 0) == 0, "\((try? TextFile.text(of: "\(folder)/serve.log")) ?? "")")
        try await Task.sleep(for: .milliseconds(20))
      }
      let address = try TextFile.text(of: "\(folder)/address").trimmingCharacters(in: .newlines)
      let url = "https://\(address)/v2/models/pump-0001/infer"
      let body =
        "{\"id\":\"x\",\"inputs\":[{\"name\":\"x\",\"shape\":[1,12],\"datatype\":\"FP64\",\"data\":[1,2,3,4,5,6,7,8,9,10,11,12]}]}"
      let trust = ["--cacert", "\(folder)/cert.pem"]
      let right = trust + ["-H", "Authorization: Bearer \(key)", "-d", body]
      var scores: Set<Double> = []
      // Connections of their own, so that both replicas are asked.
      for _ in 0..<6 {
        let got = try await curl(right + [url])
        #expect(got.status == 200 && got.json["id"] as? String == "x", "\(got)")
        let outputs = got.json["outputs"] as? [[String: Any]] ?? []
        if let found = (outputs.first?["data"] as? [Double])?.first { scores.insert(found) }
      }
      #expect(scores.count == 1)
      for (arguments, status) in [
        (trust + ["-d", body, url], 401),
        (trust + ["-H", "Authorization: Bearer \(key)x", "-d", body, url], 401),
        (trust + ["https://\(address)/v2/models"], 401), (trust + ["https://\(address)/metrics"], 401),
        (trust + ["-d", "{}", "https://\(address)/score"], 401),
        (trust + ["https://\(address)/openapi.json"], 401),
      ] {
        let got = try await curl(arguments)
        #expect(got.status == status && !got.body.contains("outputs"), "\(arguments.last ?? ""): \(got)")
      }
      // Neither plain text, nor an old TLS, nor somebody else's certificate.
      #expect(try await curl(["-d", body, url.replacing("https", with: "http")]).status != 200)
      #expect(try await curl(right + ["--tls-max", "1.1", url]).exit != 0)
      #expect(try await curl(["-H", "Authorization: Bearer \(key)", "-d", body, url]).exit == 60)
      // A key that is renewed opens what the old one opened, in each replica, and without a restart.
      let renewed = try await SondeProgram.run(["keys", "rotate", "\(folder)/keys.json", "--name", "client"])
      let next = renewed.output.trimmingCharacters(in: .newlines)
      var opened = 0
      while opened < 6 {
        let got = try await curl(trust + ["-H", "Authorization: Bearer \(next)", "-d", body, url])
        opened = got.status == 200 ? opened + 1 : 0
        if opened == 0 { try await Task.sleep(for: .milliseconds(100)) }
      }
      #expect(try await curl(right + [url]).status == 401)
      #expect(try await service.stop(grace: .seconds(600)) == .exited(code: 0))
      // What is left behind has neither of the keys.
      for file in [
        "serve.log", "serving/logs/access.jsonl", "serving/logs/haproxy.log", "serving/haproxy.cfg",
      ] {
        let text = (try? TextFile.text(of: "\(folder)/\(file)")) ?? ""
        #expect(!text.contains(key) && !text.contains(next), "\(file)")
      }
    }
  }
}
