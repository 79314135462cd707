import Files
import Foundation
import Telemetry
import TestSupport
import Testing

/// Fleets that publish as devices of others do, through a real broker and into the store: nothing is lost, doubled or read as something
/// else.
@Suite(.serialized, .timeLimit(.minutes(30))) struct PublishedPayloadTests {
  private func scenario(_ publish: String, device: String, sensors: [String], group: String = "") -> String {
    """
    name: published
    seed: 7
    clock: { start: 2026-01-01T00:00:00Z, duration: 1h, speed: max }
    fleet:
      - device: \(device)
        count: 4
        every: 7300ms
        jitter: 10%
        publish: { \(publish) }
        sensors:
          \(sensors[0]): { signal: [{ sine: { offset: 60, amplitude: 4, period: 6h } }, { noise: { stddev: 0.5 } }] }
          \(sensors[1]): { signal: [{ noise: { stddev: 1 } }] }
        anomalies: [{ kind: dropout, sensor: \(sensors[1]), devices: 1, at: 30m, for: 10m }]
        transport:
          - { kind: duplicates, devices: 2, between: [5m, 50m], for: 10m, share: 20% }
          - { kind: reordering, devices: 2, between: [5m, 50m], for: 10m, share: 20%, by: 20s }
          - { kind: garbage, devices: 2, between: [5m, 50m], for: 10m, share: 20% }
    \(group.isEmpty ? "" : "    " + group)
    ingestion: { window: 5m, out_of_orderness: 1m, allowed_lateness: 5m, \(publish) }
    faults: [{ at: 20m, kill: ingestion }]
    expect: [readings.lost == 0, readings.doubled == 0, windows.mismatched == 0, readings.late == 0, messages.repeated > 0,
      ingestion.restarts == 1]
    """
  }

  @Test(arguments: [
    ("payload: tasmota", "plug", ["ENERGY.Power", "DS18B20.Temperature"], ""),
    ("payload: aws-iot-shadow", "pump", ["rpm", "motor.load"], ""),
    ("payload: influx-line-protocol", "raynor", ["cpu.cpu0.usage", "mem.free"], "batch: 4"),
    ("payload: telegraf-json", "raynor", ["cpu.usage", "mem.free"], "batch: 3"),
    (
      "payload: { messages: [{ topic: 'x/{device}', epoch: boot, sequence: n, time: { path: t, unit: s } }] }",
      "pump",
      ["a.b", "c"], "gateways: 2"
    ),
  ])
  func whatIsPublishedArrivesWhole(publish: String, device: String, sensors: [String], group: String)
    async throws
  {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/scenario.yaml"
      try AtomicFile.write(
        scenario(publish, device: device, sensors: sensors, group: group), to: file, existing: .replace)
      let outcome = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(publish)\n\(outcome.output)\n\(outcome.errors)")
      let report = try report(of: "\(folder)/run")
      let readings = try #require(report["readings"] as? [String: Any])
      #expect(readings["stored"] as? Int == readings["published"] as? Int && readings["stored"] as? Int != 0)
      let messages = try #require(report["messages"] as? [String: Any])
      #expect(messages["rejected"] as? Int == messages["waste"] as? Int && messages["waste"] as? Int != 0)
    }
  }

  /// Payloads whose times lie beyond what ingestion takes are rejected, and so accounted for.
  @Test func whatIsRejectedIsNotLost() async throws {
    try await withTemporaryFolder { folder in
      let payload =
        "payload: { messages: [{ topic: 'x/{device}', epoch: boot, sequence: n, time: { path: t, unit: ms } }] }"
      let text = """
        name: ahead
        clock: { start: \(Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 - 7200) * 1000)), duration: 1h, speed: max }
        fleet:
          - device: pump
            count: 2
            every: 10s
            publish: { \(payload) }
            sensors: { a: { signal: [{ noise: { stddev: 1 } }] } }
            anomalies: [{ kind: clock-skew, devices: 1, at: 30m, for: 10m, severity: 86400 }]
        ingestion: { window: 5m, future_limit: 3h, \(payload) }
        expect: [readings.lost == 0, readings.doubled == 0, windows.mismatched == 0, readings.rejected > 0]
        """
      let file = "\(folder)/scenario.yaml"
      try AtomicFile.write(text, to: file, existing: .replace)
      let outcome = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    }
  }

  /// Without a pipeline, a plan shows what leaves, and payloads without a time may leave too.
  @Test func aPlanShowsWhatLeaves() async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/scenario.yaml"
      let text = """
        name: lights
        clock: { start: 2026-01-01T00:00:00Z, duration: 10s }
        fleet:
          - device: light.hall
            count: 1
            every: 10s
            publish: { payload: home-assistant-statestream }
            sensors: { brightness: { signal: [{ constant: { value: 7 } }] }, state: { signal: [{ constant: { value: 1 } }] } }
        """
      try AtomicFile.write(text, to: file, existing: .replace)
      let plan = "\(folder)/plan.txt"
      let outcome = try await SondeProgram.run(["simulate", file, "--plan-only", "--output", plan])
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      #expect(
        try TextFile.text(of: plan)
          == "homeassistant/light/hall-0001/brightness 7.0\nhomeassistant/light/hall-0001/state 1.0\n")
      let run = try await SondeProgram.run(["run", file, "--out", "\(folder)/run"])
      #expect(run.status != 0 && run.errors.contains("have no time"), "\(run.output)\n\(run.errors)")
    }
  }
}
