import Foundation
import MQTT
import Supervision
import TestSupport
import Testing

/// Who listens on a port.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ListeningPortTests {
  /// A socket of this process that listens on `port`. The caller closes it.
  private func listen(on port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0 && Foundation.listen(descriptor, 5) == 0)
    return descriptor
  }

  @Test func aPortIsHeldByWhoListens() async throws {
    let port = try ListeningPort.free()
    #expect(!ListeningPort.isHeld(port, by: getpid()))
    let descriptor = try listen(on: port)
    #expect(ListeningPort.isHeld(port, by: getpid()))
    #expect(!ListeningPort.isHeld(port &+ 1, by: getpid()))
    // A child, which has not been given the socket.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    try await withTemporaryFolder { folder in
      let other = try await Service.start(
        name: "sleep", executable: "sleep", arguments: ["600"], log: "\(folder)/log")
      #expect(!ListeningPort.isHeld(port, by: other.processID))
      _ = try await other.stop()
      #expect(!ListeningPort.isHeld(port, by: other.processID))
    }
    close(descriptor)
    #expect(!ListeningPort.isHeld(port, by: getpid()))
  }

  /// A script that starts the broker and waits for it.
  @Test func aPortIsHeldByWhatAProcessHasStarted() async throws {
    try await withTemporaryFolder { folder in
      let port = try ListeningPort.free()
      try "listener \(port) 127.0.0.1\nallow_anonymous true\nuser root\n"
        .write(toFile: "\(folder)/m.conf", atomically: true, encoding: .utf8)
      let script = try await Service.start(
        name: "script", executable: "sh",
        arguments: [
          "-c", "mosquitto -c '\(folder)/m.conf' & trap \"kill $!\" TERM; wait; wait; echo left",
        ], log: "\(folder)/log")
      try await waitUntil("the broker listens") { ListeningPort.isHeld(port, by: script.processID) }
      _ = try await script.stop(grace: .seconds(600))
      #expect(!ListeningPort.isHeld(port, by: script.processID))
    }
  }

  /// Else a run would send its readings to the broker of another one.
  @Test func aBrokerWhosePortIsTakenIsNotMistakenForWhoHasIt() async throws {
    try await withTemporaryFolder { folder in
      let broker = try await EmbeddedBroker.start(folder: folder, log: "\(folder)/broker.log")
      await broker.stop()
      let descriptor = try listen(on: broker.address.port)
      defer { close(descriptor) }
      await #expect(throws: MQTTError.self) { _ = try await broker.restarted() }
    }
  }
}
