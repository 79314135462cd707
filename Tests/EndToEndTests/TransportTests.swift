import Detection
import Foundation
import TestSupport
import Testing

/// Messages that fail to arrive as they left, through the whole pipeline.
@Suite(.serialized) struct TransportTests {
  @Test(arguments: [
    [],
    [
      "--seed", "5", "--set",
      "faults=[{ at: 1h, kill: ingestion }, { at: 2h, cut: ingestion }, { at: 3h, cut: fleet }, { at: 4h, kill: broker, saved: true }]",
    ],
  ])
  func whatGoesWrongOnTheWayIsAccountedFor(arguments: [String]) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "Scenarios/transport.yaml", "--out", "\(folder)/run"] + arguments)
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      let figures = try report(of: "\(folder)/run")
      let readings = try #require(figures["readings"] as? [String: Any])
      let messages = try #require(figures["messages"] as? [String: Any])
      func count(_ section: [String: Any], _ name: String) throws -> Int {
        try #require(section[name] as? Int)
      }
      #expect(try count(readings, "unaccounted") == 0)
      // Everything planned is stored, late or withheld by a fault; nothing is anywhere else.
      let placed = try count(readings, "stored") + count(readings, "late") + count(readings, "withheld")
      #expect(try placed == count(readings, "planned"))
      #expect(try count(messages, "rejected") >= count(messages, "waste"))
      #expect(try count(messages, "duplicates") >= count(messages, "repeated"))
      let labels = try LabelFile.read("\(folder)/run/transport.csv")
      #expect(Set(labels.map(\.kind)).count == 10)
    }
  }

  @Test(arguments: [
    ("kind: los", "did you mean “loss”?"), ("kind: silent, share: 10%", "silent hits every message"),
    ("kind: loss, share: 2", "share: expected a share such as 20%"),
    ("kind: loss, by: 10s", "only reordering"), ("kind: loss, for: 3h", "does not fit"),
    ("kind: loss, devices: 30", "30 devices were asked for"),
  ])
  func aFaultThatCannotBeIsRefused(entry: String, reason: String) async throws {
    let outcome = try await SondeProgram.run([
      "validate", "Scenarios/transport.yaml", "--set",
      "fleet[0].transport=[{ \(entry), between: [1h, 2h] }]",
    ])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")
  }
}
