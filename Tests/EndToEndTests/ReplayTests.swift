import Files
import Foundation
import TestSupport
import Testing

/// Recordings through the whole pipeline: what is shipped, and real ones where they are at hand.
@Suite(.serialized) struct ReplayTests {
  /// The report of a replay, which must have passed, lost nothing, and accounted for every row of `files`.
  private func replay(_ files: [String], in folder: String, _ settings: [String]) async throws -> [String:
    Any]
  {
    let arguments = settings.flatMap { ["--set", $0] }
    let outcome = try await SondeProgram.run(
      ["run", "Scenarios/replay.yaml", "--out", "\(folder)/run"] + arguments)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    let figures = try report(of: "\(folder)/run")
    let readings = try #require(figures["readings"] as? [String: Any])
    let windows = try #require(figures["windows"] as? [String: Any])
    let account = try #require(figures["replay"] as? [String: Int])
    #expect(readings["lost"] as? Int == 0)
    #expect(readings["doubled"] as? Int == 0)
    #expect(readings["late"] as? Int == 0)
    #expect(readings["rejected"] as? Int == 0)
    #expect(readings["stored"] as? Int == account["readings"])
    #expect(windows["mismatched"] as? Int == 0)
    let rows = try files.reduce(0) { total, file in
      try total + TextFile.text(of: file).split(whereSeparator: \.isNewline).count - 1
    }
    #expect(account["rows"] == rows)
    let elsewhere = (account["rows_outside_clock"] ?? 0) + (account["rows_without_values"] ?? 0)
    #expect((account["messages"] ?? 0) + elsewhere == rows)
    return figures
  }

  private func found(_ name: String, _ figures: [String: Any]) throws -> [String: Any] {
    let detection = try #require(figures["detection"] as? [String: Any])
    let names = [
      "events", "detected_events", "precision", "recall", "f1", "auc_pr", "vus_pr",
      "false_alarms_per_device_day",
    ]
    print("\(name): " + names.map { "\($0) \(detection[$0] ?? "none")" }.joined(separator: ", "))
    return detection
  }

  @Test func theShippedRecordingIsWhatItsScenarioPlans() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await SondeProgram.run([
        "simulate", "Data/machine.yaml", "--plan-only", "--format", "csv", "--output",
        "\(folder)/machine.csv",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let shipped = "\(SondeProgram.packageRoot)/Data/machine.csv"
      #expect(try Digest.sha256(file: "\(folder)/machine.csv") == Digest.sha256(file: shipped))
      #expect(outcome.output.contains(try Digest.sha256(file: shipped)))
    }
  }

  @Test func theShippedRecording() async throws {
    try await withTemporaryFolder { folder in
      let figures = try await replay(["\(SondeProgram.packageRoot)/Data/machine.csv"], in: folder, [])
      #expect(try found("machine", figures)["event_recall"] as? Int == 1)
    }
  }

  @Test(.enabled(if: RealData.folder != nil, "no real data: set SONDE_DATA to its folder"))
  func theMachineTemperatureOfNAB() async throws {
    let data = try #require(RealData.folder)
    try await withTemporaryFolder { folder in
      let file = "\(data)/nab/machine_temperature_system_failure.csv"
      let figures = try await replay(
        [file], in: folder,
        [
          "replay.files=\(file)", "replay.label_columns=[]",
          "replay.label_windows.file=\(data)/nab/combined_windows.json", "ingestion.window=1h",
          "model.train_on=[0h, 168h]", "scoring.every=24h",
        ])
      let detection = try found("machine temperature (NAB)", figures)
      #expect(detection["events"] as? Int == 4)
      #expect(try #require(detection["detected_events"] as? Int) >= 2)
    }
  }

  @Test(
    .enabled(if: RealData.folder != nil, "no real data: set SONDE_DATA to its folder"),
    arguments: [
      ["replay.exclude=[changepoint]"],
      ["replay.exclude=[changepoint, Temperature, Thermocouple]", "model.features=[mean, stddev]"],
    ])
  func theValveOfSKAB(settings: [String]) async throws {
    let data = try #require(RealData.folder)
    try await withTemporaryFolder { folder in
      let files = (0...3).map { "\(data)/skab/valve1-\($0).csv" }
      let figures = try await replay(
        files, in: folder,
        [
          "replay.files=[\(files.joined(separator: ", "))]", "replay.device=valve", "replay.delimiter=;",
          "ingestion.window=15s", "ingestion.out_of_orderness=5s", "model.train_on=[0m, 9m]",
          "scoring.every=5m",
        ] + settings)
      let detection = try found("valve (SKAB), \(settings[0])", figures)
      #expect(detection["events"] as? Int == 4)
      #expect(detection["detected_events"] as? Int == 4)
    }
  }

  @Test(arguments: [
    ("time,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z,x\n", ":3: a “x” is not a finite number"),
    ("time,a\n2026-01-01T00:00:00Z,1\nyesterday,2\n", ":3: time “yesterday” is not iso8601"),
    ("time,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z\n", ":3: "),
    ("time,a,anomaly\n2026-01-01T00:00:00Z,1,2\n", ":2: label anomaly “2” is neither 0 nor 1"),
  ])
  func aBrokenRowIsRefusedWithFileAndLine(text: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      let file = "\(folder)/broken.csv"
      try AtomicFile.write(text, to: file)
      let labels = text.contains("anomaly") ? "[anomaly]" : "[]"
      for command in [["validate"], ["run", "--out", "\(folder)/run"]] {
        let outcome = try await SondeProgram.run(
          command + [
            "Scenarios/replay.yaml", "--set", "replay.files=\(file)", "--set",
            "replay.label_columns=\(labels)",
          ])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("\(file)\(reason)"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/run"))
      }
    }
  }
}
