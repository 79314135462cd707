import Foundation
import MQTT
import Supervision
import Testing

/// Runs `body` with a real mosquitto on a free port, which is stopped afterwards.
package func withBroker<Value>(in folder: String, _ body: (BrokerAddress) async throws -> Value) async throws
  -> Value
{
  let broker = try await EmbeddedBroker.start(folder: folder, log: "\(folder)/broker.log")
  do {
    let value = try await body(broker.address)
    await broker.stop()
    return value
  } catch {
    await broker.stop()
    throw error
  }
}

/// Runs `body` with a mosquitto as somebody else would run it, with these lines in its configuration; it is stopped afterwards.
///
/// - Parameter port: Where it listens; nil: at a free port.
package func withMosquitto(
  _ settings: String, in folder: String, port: UInt16? = nil, _ body: (BrokerAddress) async throws -> Void
) async throws {
  let port = try port ?? ListeningPort.free()
  let anonymous = settings.contains("allow_anonymous") ? "" : "allow_anonymous true\n"
  try "listener \(port) 127.0.0.1\n\(anonymous)user root\n\(settings)\n".write(
    toFile: "\(folder)/m.conf", atomically: true, encoding: .utf8)
  let service = try await Service.start(
    name: "mosquitto", executable: "mosquitto", arguments: ["-c", "\(folder)/m.conf"],
    log: "\(folder)/m.log")
  let address = BrokerAddress(host: "127.0.0.1", port: port)
  do {
    try await waitUntil("the broker answers", every: .milliseconds(100)) {
      do {
        _ = try AgreedProtocol.ask(address, clientID: "probe", .auto)
      } catch MQTTError.unreachable {
        return false
      } catch {
        // A refusal is an answer.
      }
      return true
    }
    try await body(address)
    _ = try await service.stop()
  } catch {
    _ = try? await service.stop()
    throw error
  }
}
