import Detection
import DeviceFleet
import Files
import Foundation
import Telemetry
import Testing

@Suite struct PlanWriterTests {
  private static func writer(_ plan: FleetPlan) -> PlanWriter {
    PlanWriter(plan, labelsText: LabelFile.text(of: plan.labels))
  }

  private func withFile(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "/plan-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func plan(seed: UInt64 = 42) throws -> FleetPlan {
    try Fleets.plan(seed: seed, duration: hours(2), Fleets.pumps(3, anomalies: [Self.shift]))
  }

  static let shift = AnomalyPlacement(
    MeanAnomaly.self, severity: 6, sensor: Fleets.temperature, between: hours(1)...hours(2),
    length: minutes(30))

  @Test func messagesAreTopicAndPayloadInEventOrder() throws {
    try withFile { path in
      let plan = try plan()
      let summary = try Self.writer(plan).write(.messages, to: path)
      let lines = try TextFile.text(of: path).split(separator: "\n")
      #expect(lines.count == plan.messageCount && summary.messages == plan.messageCount)
      #expect(summary.readings == plan.readingCount && summary.labels == 3 && summary.devices == 3)
      for (line, message) in zip(lines, plan.messagesInEventOrder()) {
        let parts = line.split(separator: " ", maxSplits: 1)
        #expect(parts[0] == "devices/\(message.device)/telemetry")
        let payload = Array(parts[1].utf8)
        let decoded = try payload.withUnsafeBufferPointer {
          try PayloadCodec.decode($0, topicDevice: message.device)
        }
        #expect(decoded == message)
      }
      #expect(try Digest.sha256(file: path) == summary.planSHA256)
    }
  }

  @Test func equalSeedsGiveEqualDigestsAndOthersDoNot() throws {
    let first = try Self.writer(plan()).write(.messages, to: nil)
    let second = try Self.writer(plan()).write(.messages, to: nil)
    let other = try Self.writer(plan(seed: 43)).write(.messages, to: nil)
    #expect(first == second)
    #expect(first.planSHA256 != other.planSHA256 && first.labelsSHA256 != other.labelsSHA256)
  }

  @Test func aRecordingReplaysAsThePlanItCameFrom() throws {
    try withFile { path in
      let plan = try plan()
      _ = try Self.writer(plan).write(.csv, to: path)
      let source = try ReplaySource(
        ReplayRecipe(files: [path], device: .column("device"), labelColumns: ["anomaly"]))
      #expect(source.deviceIDs == plan.deviceIDs)
      #expect(Array(source.messagesInEventOrder()) == Array(plan.messagesInEventOrder()))
      for (recorded, planned) in zip(source.labels, plan.labels) {
        #expect(recorded.device == planned.device && recorded.start == planned.start)
        #expect(recorded.end <= planned.end && planned.end - recorded.end < .seconds(10))
      }
      #expect(source.labels.count == plan.labels.count)
    }
  }

  @Test func aFileThatIsThereIsLeftAlone() throws {
    try withFile { path in
      try AtomicFile.write("mine", to: path)
      #expect(throws: FileError.self) { try Self.writer(plan()).write(.messages, to: path) }
      #expect(try TextFile.text(of: path) == "mine")
    }
  }
}
