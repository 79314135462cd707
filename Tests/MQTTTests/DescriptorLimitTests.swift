import MQTT
import Testing

@Suite struct DescriptorLimitTests {
  @Test func moreConnectionsThanDescriptorsAreRefusedBeforeAnyIsMade() throws {
    DescriptorLimit.raise()
    let limit = DescriptorLimit.current
    // Where a million and more are allowed there is nothing to refuse.
    guard limit < 2_000_000 else { return }
    let clients = Array(repeating: PublisherClient(id: "a"), count: limit)
    // Nobody listens there: to connect would be another error.
    let nowhere = BrokerAddress(host: "127.0.0.1", port: 1)
    let error = #expect(throws: MQTTError.self) { try PublisherPool(address: nowhere, clients: clients) }
    #expect(
      error?.description
        == "\(limit) connections need \(3 * limit + 64) file descriptors, and this process may open \(limit); "
        + "raise the limit as root with ulimit -n \(3 * limit + 64), use more processes, or let gateways carry the "
        + "devices")
  }
}
