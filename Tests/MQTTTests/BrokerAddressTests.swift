import MQTT
import Testing

@Suite struct BrokerAddressTests {
  @Test(arguments: [
    ("mqtt://127.0.0.1:1883", "127.0.0.1", 1883), ("mqtt://broker", "broker", 1883),
    ("mqtt://[::1]:99", "::1", 99), ("mqtt://host:1/", "host", 1),
  ])
  func reads(text: String, host: String, port: UInt16) throws {
    let address = try #require(BrokerAddress(text))
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(BrokerAddress(address.description) == address)
  }

  @Test(arguments: [
    "mqtt://user:secret@host:1", "", "localhost:1883", "http://a", "mqtt://", "mqtt://a:0", "mqtt://a:70000",
    "mqtt://a:b", "mqtt://a/b",
  ])
  func refuses(text: String) {
    #expect(BrokerAddress(text) == nil)
  }
}
