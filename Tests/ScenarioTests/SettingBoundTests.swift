import BatchScoring
import Compute
import Documents
import Files
import Foundation
import Ingestion
import MQTT
import Scenario
import Telemetry
import TestSupport
import Testing
import WindowStore
import Wording

/// A bound stands once: options, documents and files of settings refuse the same values in the same words.
@Suite struct SettingBoundTests {
  @Test(arguments: [
    ("retry_settings.max_retries", "max_retries", "-1", RetrySettings.leastRetries),
    ("error_threshold", "error_threshold", "-2", Deployment.leastErrorThreshold),
    ("max_concurrency_per_instance", "max_concurrency_per_instance", "0", Deployment.leastConcurrency),
  ])
  func aDeploymentIsHeldToItsBoundsEverywhere(name: String, key: String, value: String, least: LeastNumber)
    async throws
  {
    // An option.
    var deployment = Deployment()
    #expect { try deployment.set(["\(name)=\(value)"], trains: false) } throws: {
      "\($0)".contains("expected \(least.wanted), found")
    }
    // An endpoint file.
    let setting = name == key ? "\(key): \(value)" : "retry_settings: { \(key): \(value) }"
    let text = "name: e\ndeployments:\n  d: { \(setting) }\n"
    #expect { try EndpointDocument.parse(text, path: "e.yaml") } throws: {
      "\($0)".contains("\(key): expected \(least.wanted), found “\(value)”")
    }
    // A file of settings.
    let number = try #require(Int(value))
    switch key {
    case "max_retries": deployment.maxRetries = number
    case "error_threshold": deployment.errorThreshold = number
    default: deployment.maxConcurrencyPerInstance = number
    }
    let configuration = ScheduleConfiguration(
      deployment: deployment, cron: "0 * * * *", from: Timestamp(milliseconds: 0))
    try await withTemporaryFolder { folder in
      try configuration.write(to: "\(folder)/schedule.json")
      #expect { try ScheduleConfiguration(path: "\(folder)/schedule.json") } throws: {
        "\($0)".hasSuffix("deployment: \(name) is \(value); it must be \(least.wanted)")
      }
    }
  }

  @Test func aComputeTargetIsHeldToItsBoundsInFilesToo() async throws {
    try await withTemporaryFolder { folder in
      for (compute, reason) in [
        (ComputeSettings(nodes: 0), "max_instances is 0; it must be a whole number of at least 1"),
        (ComputeSettings(coresPerNode: 0), "cores_per_node is 0; it must be a whole number of at least 1"),
        (
          ComputeSettings(scale: AutoscaleSettings(minInstances: 3, maxInstances: 2)),
          "min_instances is 3, more than max_instances, which is 2"
        ),
      ] {
        let configuration = ScheduleConfiguration(
          cron: "0 * * * *", from: Timestamp(milliseconds: 0), compute: compute)
        try configuration.write(to: "\(folder)/schedule.json")
        #expect { try ScheduleConfiguration(path: "\(folder)/schedule.json") } throws: {
          "\($0)".hasSuffix("compute: \(reason)")
        }
      }
    }
  }

  @Test(arguments: [
    ("hop: 6m", ["--hop", "6m"], "hop", "longer than the window; readings would fall between"),
    ("hop: 100ms", ["--hop", "100ms"], "hop", "a reading would be in more than 1000 windows"),
    (
      "session_gap: 6m", ["--session-gap", "6m"], "session_gap",
      "longer than the window, at whose multiples sessions are cut"
    ),
    (
      "retain: 1m", ["--retain", "1m"], "retain",
      "shorter than window, out_of_orderness and allowed_lateness together"
    ),
    (
      "retain_bytes: 5MB", ["--retain-bytes", "5MB"], "retain_bytes",
      "expected a size of at least 64000000 bytes, such as 500MB"
    ),
  ])
  func ingestionIsHeldToItsBoundsEverywhere(entry: String, option: [String], setting: String, reason: String)
    async throws
  {
    // A scenario.
    #expect {
      try Documents.parse(Documents.small, set: ["ingestion={ window: 5m, \(entry) }"])
    } throws: {
      "\($0)".contains("\(setting): \(reason)")
    }
    // Options.
    let outcome = try await SondeProgram.run(
      ["ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "/tmp/none.sqlite", "--window", "5m"] + option)
    #expect(outcome.status == 64 && outcome.errors.contains("\(option[0]): \(reason)"), "\(outcome.errors)")
    // A file of settings.
    let document = try Documents.parse(Documents.small)
    var rules = document.ingestion
    switch setting {
    case "hop": rules.windows.hop = entry.contains("6m") ? .seconds(360) : .milliseconds(100)
    case "session_gap": rules.windows.sessionGap = .seconds(360)
    case "retain": rules.retain = .seconds(60)
    default: rules.retainBytes = 5_000_000
    }
    try await withTemporaryFolder { folder in
      let settings = IngestionSettings(
        broker: try #require(BrokerAddress("mqtt://127.0.0.1:1")), topic: "t/+/x", clientID: "c",
        store: "\(folder)/none.sqlite", rules: rules)
      try JSONFile.write(settings, to: "\(folder)/ingest.json")
      let started = try await SondeProgram.run(["ingest", "--config", "\(folder)/ingest.json"])
      #expect(
        started.status == 64 && started.errors.contains("ingest.json: \(setting): \(reason)"),
        "\(started.errors)")
    }
  }

  /// What one process writes another reads as it was.
  @Test func settingsComeBackFromTheirFiles() async throws {
    try await withTemporaryFolder { folder in
      var rules = try Documents.parse(Documents.small).ingestion
      rules.futureLimit = nil
      rules.retain = .seconds(3600)
      rules.windows.hop = .seconds(60)
      var settings = IngestionSettings(
        broker: try #require(BrokerAddress("mqtts://localhost:8884")), topic: "t/+/x", clientID: "c",
        store: "s.sqlite", rules: rules)
      settings.broker.access.username = "me"
      settings.broker.access.passwordFile = "/secret"
      settings.mqtt = .threeOneOne
      settings.arrivals = "a.json"
      try JSONFile.write(settings, to: "\(folder)/ingest.json")
      #expect(try IngestionSettings(path: "\(folder)/ingest.json") == settings)
      // As an earlier version wrote it.
      settings.mqtt = nil
      try JSONFile.write(settings, to: "\(folder)/earlier.json")
      #expect(!(try TextFile.text(of: "\(folder)/earlier.json")).contains("mqtt\""))
      #expect(try IngestionSettings(path: "\(folder)/earlier.json") == settings)
      var fleet = FleetSettings(
        scenario: ScenarioText(path: "/x/s.yaml", text: "name: s", overrides: ["seed=1"], seed: .max),
        broker: settings.broker, session: "s")
      fleet.clock = .scaled(factor: 60)
      fleet.connectionRate = 10
      fleet.isGoverned = true
      fleet.mqtt = .threeOneOne
      try JSONFile.write(fleet, to: "\(folder)/simulate.json")
      #expect(try JSONFile.read(FleetSettings.self, "\(folder)/simulate.json") == fleet)
    }
  }
}
