import DeviceFleet
import Documents
import Files
import Foundation
import Scenario
import Telemetry
import Testing

/// Signals and anomalies as scenarios write them.
@Suite struct SignalDocumentTests {
  private let every = """
    name: all
    clock: { duration: 48h }
    fleet:
      - device: machine
        count: 3
        every: 1m
        sensors:
          heat: { signal: [{ follow: { sensor: load, offset: 20, gain: [0.4, 0.6], lag: [5m, 10m] } }, { noise: { stddev: 0.1, distribution: uniform } }] }
          load: { signal: [{ states: [{ name: off, level: 0, dwell: 1h }, { name: load, level: 80, dwell: 2h }] }] }
          a: { signal: [{ sine: { offset: [1, 2], amplitude: 4, period: [1h, 2h] } }, { trend: { per_day: [-1, 1] } }] }
          b: { signal: [{ square: { amplitude: 4, period: 1h, duty: 0.2 } }, { constant: { value: 3 } }] }
          c: { signal: [{ product: [{ sawtooth: { amplitude: 4, period: 1h } }, { weekly: { levels: [1, 1, 1, 1, 1, 0.5, 0.2] } }] }] }
          d: { signal: [{ clamp: { min: 0, max: 10, of: [{ diurnal: { offset: 5, amplitude: 8, peak: 14h } }] } }] }
          e: { signal: [{ delay: { by: 30m, of: [{ ecg: { amplitude: 2, period: 30m } }] } }, { noise: { stddev: 1, distribution: heavy_tailed } }] }
          f: { signal: [{ sum: [{ polynomial: { coefficients: [1, 2, 3], unit: 12h } }, { random_walk: { per_hour: 1, memory: 3h } }] }] }
        anomalies:
          - { kind: mode-correlation, sensor: heat, at: 30h, for: 2h }
          - { kind: clock_skew, devices: 1, at: 20h, for: 1h, severity: 45 }
          - { kind: spike, sensor: a, between: [0h, 48h], per_day: 3 }
    """

  @Test func everySignalIsRead() throws {
    let messages = try Documents.parse(every).source.messages
    #expect(messages.messageCount == 3 * 48 * 60)
    #expect(messages.sensors(ofDeviceAt: 0).map(\.name) == ["heat", "load", "a", "b", "c", "d", "e", "f"])
    #expect(messages.labels.count { $0.kind == "mode-correlation" } == 3)
    #expect(messages.labels.count { $0.kind == "clock-skew" && $0.sensor == nil } == 1)
    let start = Timestamp(iso8601: "2026-01-02T06:00:00Z")!
    #expect(
      messages.labels.filter { $0.kind == "mode-correlation" }
        .allSatisfy { $0.start >= start && $0.start < start + .seconds(60) })
    for message in messages.messagesInEventOrder() {
      #expect(message.values.allSatisfy { $0.value.isFinite })
      #expect(message.values[5].value >= 0 && message.values[5].value <= 10)
    }
  }

  @Test(arguments: [
    ("min: 0, max: 10", "min: 10, max: 0", "max: below min"),
    ("sensor: load, offset", "sensor: lod, offset", "heat follows lod, and there is no such sensor"),
    ("dwell: 1h", "dwell: often", "dwell: expected a duration"),
    ("duty: 0.2", "duty: 2", "duty: expected a number between 0 and 1"),
    ("[1, 1, 1, 1, 1, 0.5, 0.2]", "[1, 2]", "levels: expected seven numbers"),
    ("gain: [0.4, 0.6]", "gain: [0.6, 0.4]", "gain: expected a number, or two of them as [low, high]"),
    ("amplitude: 2, period: 30m", "amplitude: 2", "lacks “period”"),
    ("sensor: a, between", "sensor: b, at: 3h, between", "exclude each other"),
    ("kind: spike, sensor: a", "kind: spike", "spike hits a sensor"),
    ("kind: clock_skew", "kind: clock_skew, sensor: a", "clock-skew hits the whole device"),
    ("severity: 45", "severity: 100000", "by how many seconds the clock is ahead, from -86400 to 86400"),
    ("at: 30h", "at: 47h", "at: the clock ends at 48h"),
    ("kind: mode-correlation, sensor: heat", "kind: variance, sensor: load", "load has no noise"),
    ("per_day: 3", "per_day: 3, count: 2", "count and per_day exclude each other"),
    ("distribution: uniform", "distribution: unifrom", "did you mean “uniform”?"),
    ("{ sum: [", "{ sum: [3, ", "sum: expected a part"),
  ])
  func whatIsWrongIsSaid(old: String, new: String, reason: String) {
    #expect(every.contains(old))
    do {
      _ = try Documents.parse(every.replacing(old, with: new))
      Issue.record("\(new) was taken")
    } catch {
      #expect("\(error)".contains(reason), "\(error)")
    }
  }

  @Test func recordedValuesComeFromTheirFile() throws {
    let folder = NSTemporaryDirectory() + "/recorded-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write("t;v\n1;5\n2;7\n3;9\n", to: folder + "/r.csv")
    let text = Documents.small.replacing(
      "sine: { offset: 60, amplitude: 4, period: 1h }",
      with: "recorded: { file: \(folder)/r.csv, column: v, delimiter: ';', every: 10s, phase: 0 }"
    ).replacing("{ noise: { stddev: 0.5 } }", with: "{ constant: { value: 0 } }")
    let messages = try Documents.parse(text).source.messages
    let values = messages.messagesInEventOrder().map { $0.values[0].value }
    #expect(values.allSatisfy { $0 >= 5 })
    for (wrong, reason) in [("x", "r.csv:3: v “x” is not a finite number"), ("", "r.csv:3: ")] {
      try AtomicFile.write("t;v\n1;5\n2;\(wrong)\n", to: folder + "/r.csv", existing: .replace)
      let error = #expect(throws: Diagnostics.self) { try Documents.parse(text) }
      #expect(error?.description.contains(reason) == true)
    }
  }
}
