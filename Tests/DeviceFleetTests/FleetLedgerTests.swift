import DeviceFleet
import Foundation
import Testing

@Suite struct FleetLedgerTests {
  private func ledger(p99: Double?) throws -> FleetLedger {
    var ledger = FleetLedger()
    ledger.published = 1000
    ledger.scheduleLagMs = p99.map { .init(p50: 1, p99: $0, max: 2 * $0) }
    // As it travels from the process that publishes.
    return try JSONDecoder().decode(FleetLedger.self, from: try JSONEncoder().encode(ledger))
  }

  @Test func aScheduleThatWasNotKeptIsSaidWithByHowMuch() throws {
    #expect(try ledger(p99: 1000.5).missedSchedule?.contains("1000 ms late or later") == true)
    #expect(try ledger(p99: 12_345).missedSchedule?.contains("12345 ms") == true)
    #expect(try ledger(p99: 999).missedSchedule == nil)
    // Under max there is no schedule to miss.
    #expect(try ledger(p99: nil).missedSchedule == nil)
    #expect(try ledger(p99: 999).published == 1000)
    let text = String(decoding: try JSONEncoder().encode(try ledger(p99: nil)), as: UTF8.self)
    #expect(text.contains("\"schedule_lag_ms\":null"), "every key is there")
  }
}
