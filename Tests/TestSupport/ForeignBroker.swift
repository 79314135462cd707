import Foundation
import MQTT
import Supervision

/// A stock mosquitto with TLS and a password file, as somebody else would run it.
package struct ForeignBroker: Sendable {
  package let address: BrokerAddress
  /// With certificates of their own authority, and a user `sonde` with a password.
  package let access: BrokerAccess

  package static let username = "sonde"
  /// What the making of certificates and passwords needs.
  package static let programs = ["mosquitto", "mosquitto_passwd", "openssl"]

  /// The first of ``programs`` that is not installed.
  package static var missingProgram: String? { programs.first { ExecutablePath.find($0) == nil } }
}

/// Runs `body` with a mosquitto that asks for TLS and a password, all made in `folder`; it is stopped afterwards.
package func withForeignBroker(in folder: String, _ body: (ForeignBroker) async throws -> Void) async throws {
  func run(_ program: String, _ arguments: [String]) async throws {
    let service = try await Service.start(
      name: program, executable: program, arguments: arguments, log: "\(folder)/\(program).log")
    for await _ in service.lines {}
    guard try await service.exit() == .exited(code: 0) else {
      let said = (try? String(contentsOfFile: "\(folder)/\(program).log", encoding: .utf8)) ?? ""
      throw MQTTError.brokerFailed(reason: "\(program) failed: \(said)")
    }
  }
  let (ca, caKey) = ("\(folder)/ca.pem", "\(folder)/ca.key")
  let (certificate, key) = ("\(folder)/server.pem", "\(folder)/server.key")
  try await run(
    "openssl",
    [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority", "-keyout",
      caKey, "-out", ca,
    ])
  try await run(
    "openssl",
    [
      "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out",
      "\(folder)/server.csr",
    ])
  try "subjectAltName=IP:127.0.0.1\n".write(
    toFile: "\(folder)/server.ext", atomically: true, encoding: .utf8)
  try await run(
    "openssl",
    [
      "x509", "-req", "-in", "\(folder)/server.csr", "-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days",
      "2", "-extfile", "\(folder)/server.ext", "-out", certificate,
    ])
  try "correct horse\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
  try await run(
    "mosquitto_passwd", ["-b", "-c", "\(folder)/passwords", ForeignBroker.username, "correct horse"])

  let port = try ListeningPort.free()
  try """
  listener \(port) 127.0.0.1
  certfile \(certificate)
  keyfile \(key)
  allow_anonymous false
  password_file \(folder)/passwords
  max_queued_messages 100000
  user root

  """.write(toFile: "\(folder)/foreign.conf", atomically: true, encoding: .utf8)
  let service = try await Service.start(
    name: "mosquitto", executable: "mosquitto", arguments: ["-c", "\(folder)/foreign.conf"],
    log: "\(folder)/foreign.log")
  var address = BrokerAddress(host: "127.0.0.1", port: port, isEncrypted: true)
  let access = BrokerAccess(
    username: ForeignBroker.username, passwordFile: "\(folder)/password", authorityFile: ca)
  address.access = access
  do {
    try await waitUntilItAnswers(address)
    try await body(ForeignBroker(address: address, access: access))
    _ = try await service.stop()
  } catch {
    _ = try? await service.stop()
    throw error
  }
}

private func waitUntilItAnswers(_ address: BrokerAddress) async throws {
  let deadline = ContinuousClock.now + .seconds(600)
  while true {
    do {
      let pool = try PublisherPool(address: address, clients: [PublisherClient(id: "probe")])
      return pool.close()
    } catch {
      guard ContinuousClock.now < deadline else { throw error }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
