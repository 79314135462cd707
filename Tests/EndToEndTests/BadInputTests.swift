import Foundation
import MQTT
import TestSupport
import Testing

/// What a person reads, and the exit code, when something is not as it should be.
@Suite struct BadInputTests {
  @Test(arguments: [
    ("clock.speed=quick", "speed"), ("fleet[0].count=-1", "count"), ("fleet[0].count=many", "count"),
    ("fleet[0].anomalies[0].sensor=temperatur", "temperature"), ("scoring.cron=61 * * * *", "cron"),
    ("scoring.cron=* * *", "cron"), ("expect=[readings.lots == 0]", "did you mean “lost”"),
    ("ingestion.windw=5m", "window"), ("faults=[{ at: 1h, kil: ingestion }]", "did you mean “kill”"),
    ("faults=[{ at: -1h, kill: ingestion }]", "at: expected a duration"),
    ("faults=[{ at: 1h, kill: fleet }]", "expected ingestion or broker"),
    ("faults=[{ at: 1h, power_cut: ingestion }]", "leave “scoring” out"),
    ("model.train_on=[0h, 48h]", "train_on"),
  ])
  func aFaultyScenarioIsRefusedWithItsPlace(override: String, mentions: String) async throws {
    for command in [["validate"], ["run"]] {
      let outcome = try await SondeProgram.run(command + ["Scenarios/quickstart.yaml", "--set", override])
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains(mentions), "\(outcome.errors)")
      #expect(!outcome.errors.contains("Fatal error"))
    }
  }

  @Test func aMisspeltKeyIsNamedWithLineColumnAndSuggestion() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/s.yaml"
      let text = try String(
        contentsOfFile: "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", encoding: .utf8)
      try text.replacing("    every: 10s", with: "    evry: 10s")
        .write(toFile: path, atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["validate", path])
      let line = try #require(
        text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("every: 10s") }
      )
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("\(path):\(line + 1):5"), "\(outcome.errors)")
      #expect(outcome.errors.contains("every"))
    }
  }

  @Test func anOutputFolderThatExistsIsRefusedAndLeftAlone() async throws {
    try await withTemporaryFolder { folder in
      try "mine".write(toFile: "\(folder)/notes", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run(["run", "Scenarios/quickstart.yaml", "--out", folder])
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("exists and is not empty"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes"])
    }
  }

  @Test func aBrokerThatIsNotThereIsUnavailable() async throws {
    try await withTemporaryFolder { folder in
      let port = try EmbeddedBroker.freePort()
      let run = try await SondeProgram.run([
        "run", "Scenarios/quickstart.yaml", "--out", "\(folder)/run", "--set",
        "broker=mqtt://127.0.0.1:\(port)",
      ])
      #expect(run.status == 69, "\(run.errors)")
      #expect(run.errors.contains("no broker answers at mqtt://127.0.0.1:\(port)"), "\(run.errors)")
      let ingest = try await SondeProgram.run([
        "ingest", "--broker", "mqtt://127.0.0.1:\(port)", "--store", "\(folder)/s.sqlite", "--window", "60s",
      ])
      #expect(ingest.status == 69)
    }
  }

  @Test func aMissingMosquittoNamesItsPackage() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run(
        ["run", "Scenarios/quickstart.yaml", "--out", "\(folder)/run"],
        environment: ["SONDE_MOSQUITTO": "\(folder)/mosquitto"])
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("apt-get install mosquitto"), "\(outcome.errors)")
    }
  }

  @Test func unknownArgumentsAreUsageErrors() async throws {
    #expect(try await SondeProgram.run(["run"]).status == 64)
    #expect(try await SondeProgram.run(["nonsense"]).status == 64)
    #expect(try await SondeProgram.run(["ingest", "--broker", "x"]).status == 64)
    for topic in ["", "devices/#/telemetry", "devices/a+/telemetry"] {
      let ingest = try await SondeProgram.run([
        "ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "s.sqlite", "--window", "60s", "--topic",
        topic,
      ])
      #expect(ingest.status == 64)
      #expect(ingest.errors.contains("is no topic to subscribe to"))
    }
    #expect(try await SondeProgram.run(["run", "no-such-file.yaml"]).status == 64)
    #expect(try await SondeProgram.run(["--version"]).status == 0)
  }
}
