import BatchScoring
import Compute
import DeviceFleet
import Documents
import Foundation
import Scenario
import Telemetry
import Testing

/// Scenarios as texts, and the faults found in them.
enum Documents {
  static let small = """
    name: small
    seed: 7
    clock: { start: 2026-01-01T00:00:00Z, duration: 2h }
    fleet:
      - device: pump
        count: 2
        every: 10s
        sensors:
          temperature: { unit: Cel, signal: [{ sine: { offset: 60, amplitude: 4, period: 1h } }, { noise: { stddev: 0.5 } }] }
        anomalies:
          - { kind: mean, sensor: temperature, devices: 50%, between: [70m, 110m], for: 15m, severity: 6 }
    ingestion: { window: 5m }
    model: { train_on: [0h, 1h] }
    scoring: { from: 1h, cron: "0 * * * *" }
    expect:
      - readings.lost == 0
    """

  static func parse(_ text: String, set overrides: [String] = [], seed: UInt64? = nil) throws
    -> ScenarioDocument
  {
    try ScenarioDocument.parse(ScenarioText(path: "s.yaml", text: text, overrides: overrides, seed: seed))
  }

  /// The faults of `small` with `old` replaced by `new`.
  static func faults(_ old: String = "", _ new: String = "", set overrides: [String] = []) -> [String] {
    precondition(old.isEmpty || small.contains(old), "the small scenario does not say \(old)")
    do {
      _ = try parse(old.isEmpty ? small : small.replacing(old, with: new), set: overrides)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map(\.description)
    } catch {
      return ["not faults but \(error)"]
    }
  }

  /// The project's folder of scenarios.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Scenarios").path
}

@Suite struct ScenarioDocumentTests {
  @Test func whatIsWrittenIsRead() throws {
    let document = try Documents.parse(Documents.small)
    #expect(document.name == "small")
    #expect(document.seed == 7)
    #expect(document.clock.duration == .seconds(7200))
    #expect(document.clock.speed == .max)
    #expect(document.source.messages.messageCount == 1440)
    #expect(document.source.messages.labels.count == 1)
    #expect(document.ingestion.windows.window == .seconds(300))
    #expect(document.ingestion.windows.outOfOrderness == .seconds(30))
    #expect(document.model?.trainOn == .zero ... .seconds(3600))
    #expect(document.model?.settings.gamma == "scale")
    #expect(document.scoring?.trigger == .cron("0 * * * *"))
    #expect(document.scoring?.miniBatchSize == .auto)
    #expect(document.broker == nil)
    #expect(document.expectations.map(\.expression) == ["readings.lost == 0"])
  }

  @Test func theQuickstartIsADayOfTwentyPumpsWithThreeSensors() throws {
    let document = try ScenarioDocument.load(Documents.folder + "/quickstart.yaml")
    let messages = document.source.messages
    #expect(messages.messageCount == 172_800)
    #expect(messages.readingCount == 518_400)
    #expect(Set(messages.labels.map(\.kind)) == ["mean", "stuck-at", "spike"])
    #expect(messages.labels.allSatisfy { $0.start >= document.clock.start + document.scoring!.from })
    #expect(document.compute == ComputeSettings(nodes: 2))
  }

  @Test func scoringRunsOnTheTargetThatItNames() throws {
    let path = Documents.folder + "/quickstart.yaml"
    let onSlurm = try ScenarioDocument.load(
      path, overrides: ["scoring.compute=slurm", "compute.slurm={max_instances: 8, cores_per_node: 2}"])
    let slurm = ComputeSettings(
      kind: .slurm, coresPerNode: 2, scale: AutoscaleSettings(maxInstances: 8))
    #expect(onSlurm.compute == slurm && onSlurm.scheduleConfiguration?.compute == slurm)
    let scaled = try ScenarioDocument.load(
      path,
      overrides: [
        "compute.local={min_instances: 1, max_instances: 3, idle_time_before_scale_down: 5s}"
      ])
    #expect(
      scaled.compute
        == ComputeSettings(
          scale: AutoscaleSettings(minInstances: 1, maxInstances: 3, idleTimeBeforeScaleDown: .seconds(5))))
    let plain = try ScenarioDocument.load(path, overrides: ["scoring.compute=slurm"])
    #expect(plain.compute == ComputeSettings(kind: .slurm, nodes: 2))
    for (setting, fault) in [
      ("compute.local.min_instances=1", "only a target with max_instances scales"),
      ("compute.local={min_instances: 3, max_instances: 2}", "more than max_instances"),
      ("compute.local.max_instances=2", "exclude each other"),
      ("scoring.compute=slrum", "did you mean “slurm”?"),
    ] {
      let faults = #expect(throws: Diagnostics.self) {
        try ScenarioDocument.load(path, overrides: [setting])
      }
      #expect(faults?.description.contains(fault) == true, "\(setting): \(faults?.description ?? "")")
    }
  }

  @Test(arguments: [
    ("count: 2", "cuont: 2", ["s.yaml:6:5: unknown key “cuont”; did you mean “count”?"]),
    ("every: 10s", "evry: 10s", ["s.yaml:7:5: unknown key “evry”; did you mean “every”?"]),
    ("count: 2", "count: five", ["s.yaml:6:12: count: expected a whole number of at least 1, found “five”"]),
    ("count: 2", "count: -3", ["s.yaml:6:12: count: expected a whole number of at least 1, found “-3”"]),
    (
      "count: 2", "count: 2\n    mood: fine",
      ["s.yaml:7:5: unknown key “mood”; group has device, count, every, sensors, anomalies"]
    ),
    (
      "every: 10s", "every: 10",
      ["s.yaml:7:12: every: expected a duration such as 90s, 5m or 24h, above zero, found “10”"]
    ),
    (
      "sensor: temperature,", "sensor: temperatur,",
      [
        "s.yaml:11:31: sensor: there is no sensor “temperatur”; there are temperature; did you mean “temperature”?"
      ]
    ),
    (
      "kind: mean", "kind: maen",
      ["noise-burst, spike or stuck-at, found “maen”; did you mean “mean”?"]
    ),
    (
      "between: [70m, 110m]", "between: [70m, 125m]",
      ["s.yaml:11:67: between: the clock ends at 2h, before this does"]
    ),
    (
      "between: [70m, 110m]", "between: [110m, 70m]",
      [
        "s.yaml:11:67: between: expected [from, to] with from before to, such as [14h, 22h], found [110m, 70m]"
      ]
    ),
    ("for: 15m", "for: 41m", ["s.yaml:11:85: for: 41m does not fit between the two times of “between”"]),
    ("devices: 50%", "devices: 3", ["s.yaml:11:9: 3 devices were asked for, and there are 2"]),
    ("devices: 50%", "devices: 150%", ["s.yaml:11:53: devices: “150%” is not a share between 0% and 100%"]),
    ("devices: 50%", "devices: pump-0009", ["s.yaml:11:9: “pump” has no device pump-0009"]),
    (
      "window: 5m", "window: 7m",
      ["s.yaml:12:22: window: the clock's 2h are not a whole number of windows; the last would be cut short"]
    ),
    (
      "train_on: [0h, 1h]", "train_on: [0h, 90m]",
      ["s.yaml:14:18: from: scoring would begin at 1h, inside train_on, which ends at 1h30m"]
    ),
    ("from: 1h", "from: 2h", ["s.yaml:14:18: from: the clock ends at 2h; nothing would be scored"]),
    (
      "\"0 * * * *\"", "\"0 * *\"",
      ["s.yaml:14:28: cron “0 * *” has 3 fields; five are needed: minute hour day-of-month month day-of-week"]
    ),
    (
      "cron: \"0 * * * *\"", "every: 10m, cron: \"0 * * * *\"",
      ["s.yaml:14:22: cron and every exclude each other; give one"]
    ),
    (
      "readings.lost == 0", "readings.lsot == 0",
      [
        "s.yaml:16:14: “readings” has no “lsot”; it has acknowledged, adjusted, doubled, dropped, duplicates, expired, late, lost, lost_at, misfiled, planned, published, rejected, stored, unaccounted, withheld (in “readings.lsot == 0”); did you mean “lost”?"
      ]
    ),
    (
      "name: small", "name: a/b",
      ["s.yaml:1:7: name: “a/b” would name a folder; use letters, digits, dots, dashes, underscores"]
    ),
    ("seed: 7", "seed: 7\nseed: 8", ["“seed” is given twice"]),
    ("clock: {", "clock: [", ["not YAML"]),
    (
      "seed: 7", "broker: http://x",
      ["s.yaml:2:9: broker: expected mqtt://host:port or mqtts://host:port, found “http://x”"]
    ),
    ("seed: 7", "replay: { files: a.csv }", ["exclude each other"]),
    (
      "duration: 2h", "speed: fast",
      [
        "s.yaml:3:8: a fleet needs clock: { duration: … }, such as 24h",
        "s.yaml:3:46: speed: expected real, max or a factor such as x60, found “fast”",
      ]
    ),
    ("severity: 6", "severity: 6, kind: mean", ["“kind” is given twice"]),
    ("kind: mean", "kind: stuck-at", ["s.yaml:11:104: severity: stuck-at has no strength"]),
    (
      "noise: { stddev: 0.5 }", "noise: { stddev: -1 }",
      ["s.yaml:9:113: stddev: expected a number of at least 0, or two of them as [low, high], found “-1”"]
    ),
    (
      "noise: { stddev: 0.5 }", "nois: { stddev: 1 }",
      ["s.yaml:9:96: unknown key “nois”; did you mean “noise”?"]
    ),
  ])
  func aFaultHasItsPlaceAndItsReason(old: String, new: String, expected: [String]) {
    let faults = Documents.faults(old, new)
    #expect(faults.count == expected.count, "\(faults)")
    for (fault, text) in zip(faults, expected) { #expect(fault.contains(text)) }
  }

  @Test func allFaultsAreFoundAtOnceInTheOrderOfTheFile() {
    let faults = Documents.faults("count: 2", "count: x", set: ["scoring.cron=never", "model.nu=2"])
    #expect(faults.count == 3)
    #expect(
      faults[0].hasPrefix("--set scoring.cron=never: cron:") || faults[0].hasPrefix("--set model.nu=2: nu:"))
    #expect(faults[2].hasPrefix("s.yaml:6:12: count:"))
  }

  @Test func aThresholdIsANameOrANumber() throws {
    for (text, threshold) in [
      ("training", "training"), ("cross_validated", "cross_validated"), ("-0.0125", "-0.0125"), ("0", "0.0"),
      ("1e-3", "0.001"),
    ] {
      let document = try Documents.parse(Documents.small, set: ["model.threshold=\(text)"])
      #expect(document.model?.settings.threshold == threshold)
      _ = try document.model?.settings.options()
    }
    for text in ["low", "\"0.5\"", ".inf", ".nan", "5%", "[0]"] {
      let faults = Documents.faults("count: 2", "count: 2", set: ["model.threshold=\(text)"])
      #expect(faults.count == 1 && faults[0].contains("threshold: expected training"), "\(text): \(faults)")
      #expect(faults[0].contains("a number"), "\(faults)")
    }
  }

  @Test func nothingNeedBeExpected() throws {
    let document = try Documents.parse(Documents.small, set: ["expect=none"])
    #expect(document.expectations.isEmpty && !document.isJudged)
    #expect(try Documents.parse(Documents.small, set: ["expect=[]"]).isJudged)
    let faults = Documents.faults("count: 2", "count: 2", set: ["expect=nothing"])
    #expect(faults.count == 1 && faults[0].contains("expect: expected"), "\(faults)")
  }

  @Test func valuesCanBeSetFromTheCommandLine() throws {
    let document = try Documents.parse(
      Documents.small,
      set: [
        "fleet[0].count=5", "scoring.cron=*/5 * * * *", "model.gamma=0.25", "broker=mqtt://h:1884",
        "faults[0].at=30m", "faults[0].kill=ingestion", "clock.speed=x60", "expect=[readings.late <= 3]",
        "fleet[0].sensors.temperature.resolution=0.5",
      ], seed: 99)
    #expect(document.source.messages.deviceIDs.count == 5)
    #expect(document.scoring?.trigger == .cron("*/5 * * * *"))
    #expect(document.model?.settings.gamma == "0.25")
    #expect(document.broker?.host == "h" && document.broker?.port == 1884)
    #expect(
      document.faults.map(\.at) == [.seconds(1800)]
        && document.faults.map(\.text) == ["{ at: 30m, kill: ingestion }"])
    #expect(document.clock.speed == .scaled(factor: 60))
    #expect(document.expectations.map(\.expression) == ["readings.late <= 3"])
    #expect(document.seed == 99)
  }

  @Test(arguments: [
    ("fleet[0].cuont=5", "--set fleet[0].cuont=5: unknown key “cuont”; did you mean “count”?"),
    ("fleet[3].count=5", "--set fleet[3].count=5: there is no element [3]; the list has 1"),
    ("fleet.count=5", "--set fleet.count=5: “count” leads into a list, not a mapping"),
    ("seed[0]=5", "--set seed[0]=5: [0] leads into “7”, not a list"),
    (
      "fleet[0].count=-5", "--set fleet[0].count=-5: count: expected a whole number of at least 1, found “-5”"
    ),
    ("fleet", "--set fleet: expected path=value, such as fleet[0].count=5"),
    ("fleet[x].count=1", "--set fleet[x].count=1: “[x]” is not an index such as [0]"),
    ("expect=[", "--set expect=[: not YAML"),
  ])
  func aBadFlagIsNamed(flag: String, message: String) {
    let faults = Documents.faults(set: [flag])
    #expect(faults.count == 1)
    #expect(faults.first?.hasPrefix(message) == true, "\(faults)")
  }

  @Test func aScenarioMayEndWithItsWindows() throws {
    let text = Documents.small.split(separator: "\n")
      .filter { !$0.hasPrefix("model") && !$0.hasPrefix("scoring") }.joined(separator: "\n")
    let document = try Documents.parse(text)
    #expect(document.model == nil && document.scoring == nil)
    #expect(
      Documents.faults("scoring: { from: 1h, cron: \"0 * * * *\" }", "") == [
        "s.yaml:13:8: a model without “scoring” would never be used"
      ])
  }

  @Test func aRecordingIsReadWithTheScenario() throws {
    let folder = NSTemporaryDirectory() + "/scenario-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let rows = (0..<300).map { "\(1_767_225_600 + $0 * 60);\($0 % 7);\($0 == 200 ? 1 : 0)" }
    try ("t;flow rate;bad\n" + rows.joined(separator: "\n")).write(
      toFile: folder + "/r.csv", atomically: true, encoding: .utf8)
    let text = """
      name: recorded
      replay: { files: r.csv, delimiter: ";", time: { column: t, format: epoch_seconds }, label_columns: [bad] }
      model: { train_on: [0h, 1h] }
      scoring: { every: 1h }
      """
    func parse(_ overrides: [String] = []) throws -> ScenarioDocument {
      try ScenarioDocument.parse(ScenarioText(path: folder + "/s.yaml", text: text, overrides: overrides))
    }
    let document = try parse()
    #expect(document.clock.start == Timestamp(iso8601: "2026-01-01T00:00:00Z"))
    #expect(document.source.messages.messageCount == 300)
    #expect(document.source.messages.labels.count == 1)
    #expect(document.scoring?.from == .seconds(3600))
    #expect { try parse(["replay.files=absent.csv"]) } throws: {
      "\($0)" == "\(folder)/s.yaml:2:9: replay: cannot read absent.csv: No such file or directory"
    }
    #expect { try parse(["model.train_on=[0h, 9h]"]) } throws: {
      "\($0)".contains("train_on: the clock ends at 4h59m1ms")
    }
  }
}
