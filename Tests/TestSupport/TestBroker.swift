import MQTT

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
