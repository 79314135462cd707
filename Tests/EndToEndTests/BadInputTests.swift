import Files
import Foundation
import MQTT
import Subprocess
import SystemPackage
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
    ("faults=[{ at: 1h, kill: fleet }]", "expected ingestion, broker"),
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
      let port = try ListeningPort.free()
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

  @Test(arguments: [
    (
      ["validate", "Scenarios/quickstart.yaml", "--seed", "-1"],
      "a seed is a whole number from 0 to 18446744073709551615"
    ),
    (["validate", "Scenarios/quickstart.yaml", "--seed=-1"], "a seed is a whole number from 0"),
    (
      ["validate", "Scenarios/quickstart.yaml", "--seed", "18446744073709551616"],
      "a seed is a whole number from 0"
    ),
    (
      ["ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "x", "--window", "-5s"],
      "'-5s' is invalid for '--window"
    ),
    (["train", "runs/none", "--threads", "-1"], "--threads is -1; it must be at least 1"),
    (["train", "runs/none", "--nu", "-.5"], "nu is -0.5"),
  ])
  func aNegativeValueIsNoUnknownOption(arguments: [String], mentions: String) async throws {
    let outcome = try await SondeProgram.run(arguments)
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains(mentions), "\(outcome.errors)")
    #expect(!outcome.errors.contains("Unknown option"), "\(outcome.errors)")
  }

  /// As much as Linux lets into one argument.
  @Test(arguments: [
    ["validate", "LONG"], ["validate", "Scenarios/quickstart.yaml", "--seed", "LONG"],
    ["validate", "Scenarios/quickstart.yaml", "--set", "LONG"], ["validate", "--LONG"], ["LONG"],
    ["validate", "Scenarios/quickstart.yaml", "--set", "seed=LONG"],
    ["schedule", "runs/none", "--cron", "LONG"],
    ["ingest", "--broker", "mqtt://LONG:x", "--store", "x", "--window", "5s"],
    ["score", "--set", "LONG", "runs/none"],
    ["ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "x", "--window", "LONG"],
    ["ingest", "--broker", "mqtt://127.0.0.1:1", "--store", "x", "--window", "5s", "--topic", "#/LONG"],
    ["train", "LONG", "--from", "2026-01-01", "--to", "2026-01-02"], ["jobs", "show", "runs/none", "LONG"],
    ["evaluate", "LONG", "LONG"], ["endpoints", "show", "LONG"],
  ])
  func messagesHaveABound(arguments: [String]) async throws {
    let long = String(repeating: "x", count: 120_000)
    let outcome = try await SondeProgram.run(arguments.map { $0.replacing("LONG", with: long) })
    #expect(outcome.status != 0)
    #expect(!outcome.errors.isEmpty && outcome.errors.utf8.count < 4000, "\(outcome.errors.prefix(300))")
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

  @Test(arguments: [
    ("\"from\":\"2026-01-01T12:00:00Z\"", "\"from\":9223372036854775807", "from is in no year"),
    ("\"task_timeout_seconds\":30", "\"task_timeout_seconds\":1e300", "task_timeout_seconds is 1e+300"),
    ("\"predictions.csv\"", "\"failed.csv\"", "no name for a prediction file"),
    ("\"max_retries\":3", "\"max_retries\":\"x\"", "deployment.maxRetries is not a number"),
  ]) func whatAConfigurationCannotSayIsToldAsSuch(old: String, new: String, fault: String) async throws {
    let text = """
      {"clock":"watermark","catchup":"last","concurrency":"forbid","every_seconds":3600,"from":"2026-01-01T12:00:00Z",
      "compute":{"kind":"local","cores_per_node":1,"scale":{"min_instances":1,"max_instances":1,"idle_seconds_before_scale_down":120}},
      "deployment":{"name":"default","layout":{"per":"device","features":["mean"]},"model":{"nu":0.01,"gamma":"scale","kernel":"rbf",
      "threshold":"training"},"mini_batch_size":"auto","max_retries":3,"task_timeout_seconds":30,"error_threshold":-1,
      "output_action":"append_row","output_file_name":"predictions.csv","logging_level":"info"}}
      """
    #expect(text.contains(old))
    try await withTemporaryFolder { folder in
      try AtomicFile.write(text.replacing(old, with: new), to: "\(folder)/c.json")
      let outcome = try await SondeProgram.run(["schedule", folder, "--config", "\(folder)/c.json"])
      #expect(outcome.status == 64 && outcome.errors.contains(fault), "\(outcome.status) \(outcome.errors)")
    }
  }

  /// Where a result cannot be written it is lost, which the exit code says.
  @Test func aResultThatCannotBeWrittenIsAFault() async throws {
    try await ScoringRun.trained { run in
      func status(_ arguments: String) async throws -> TerminationStatus {
        try await Subprocess.run(
          .path(FilePath("/bin/sh")), arguments: ["-c", "'\(SondeProgram.path)' \(arguments) > /dev/full"],
          output: .discarded, error: .discarded
        ).terminationStatus
      }
      for format in ["text", "json"] {
        let listed = try await status("models list '\(run.folder)' --format \(format)")
        #expect(listed == .exited(70))
      }
      // Messages on the way are not what it has found.
      let scored = try await status("score '\(run.folder)' --format json --after 2026-01-01T12:00:00Z")
      #expect(scored == .exited(0))
      #expect(try run.scored().count == 6 * 143)
    }
  }
}
