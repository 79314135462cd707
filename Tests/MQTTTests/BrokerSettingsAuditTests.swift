import MQTT
import Testing

@Suite struct BrokerSettingsAuditTests {
  private func settings(_ text: String) -> [String] {
    BrokerSettingsAudit.findings(configuration: text).map(\.setting)
  }

  @Test func theDefaultsLoseMessages() {
    #expect(settings("") == ["max_queued_messages", "persistence"])
    #expect(
      settings("# max_queued_messages 1000000\npersistence true\n") == [
        "max_queued_messages", "autosave_interval",
      ])
  }

  @Test func whatKeepsEverythingIsLeftAlone() {
    #expect(settings("persistence true\nautosave_interval 1\nmax_queued_messages 1000000\n").isEmpty)
  }

  @Test func limitsThatDropAreNamed() {
    let text = "persistence true\nautosave_interval 5\nmax_queued_messages 0\nmax_queued_bytes 100\n"
    #expect(
      settings(text + "persistent_client_expiration 1h") == [
        "max_queued_messages", "max_queued_bytes", "persistent_client_expiration",
      ])
  }
}
