import Foundation
import MQTT
import Supervision

/// amqtt, a broker in Python, from PyPI.
package struct AmqttBroker: BrokerProduct {
  package static let release = "0.12.1"
  package let name = "amqtt"
  package let origin = "amqtt \(release) from PyPI, installed by the test where python3 and PyPI are at hand"
  /// Whether it lets in who has no name, as it does by default. It keeps nothing for those.
  package let isAnonymous: Bool

  package init(isAnonymous: Bool = false) { self.isAnonymous = isAnonymous }

  /// A name and no password: this broker asks for no more.
  package var access: BrokerAccess { BrokerAccess(username: isAnonymous ? nil : "sonde") }

  package func reasonNotToStart() async -> String? {
    await Self.program == nil
      ? "amqtt cannot be installed here: \(origin)" : nil
  }

  package func processes(folder: String, port: UInt16) throws -> [BrokerProcess] {
    let configuration = "\(folder)/amqtt.yaml"
    try """
    listeners:
      default:
        type: tcp
        bind: 127.0.0.1:\(port)
    plugins:
      amqtt.plugins.authentication.AnonymousAuthPlugin:
        allow_anonymous: \(isAnonymous)

    """.write(toFile: configuration, atomically: true, encoding: .utf8)
    return [BrokerProcess(name: name, executable: Self.path, arguments: ["-c", configuration])]
  }

  // MARK: - Installing

  /// Made once for all runs of the tests.
  private static let environment =
    "\(SondeProgram.packageRoot)/.build/test-environments/amqtt-\(release)"
  private static let path = "\(environment)/bin/amqtt"

  /// The program, installed where it was missing; nil where that cannot be done.
  private static var program: String? {
    get async { await installation.value }
  }

  private static let installation = Task { () -> String? in
    // Written last, so that an installation that was broken off is made anew.
    let complete = "\(environment)/complete"
    if FileManager.default.fileExists(atPath: complete) { return path }
    try? FileManager.default.createDirectory(
      atPath: (environment as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    guard await succeeds("python3", ["-m", "venv", "--clear", environment]),
      await succeeds(
        "\(environment)/bin/pip",
        ["--disable-pip-version-check", "--timeout", "10", "install", "--quiet", "amqtt==\(release)"]),
      FileManager.default.createFile(atPath: complete, contents: nil)
    else { return nil }
    return path
  }

  private static func succeeds(_ program: String, _ arguments: [String]) async -> Bool {
    let service = try? await Service.start(
      name: "install", executable: program, arguments: arguments, log: "/dev/null")
    guard let service else { return false }
    for await _ in service.lines {}
    return (try? await service.exit()) == .exited(code: 0)
  }
}
