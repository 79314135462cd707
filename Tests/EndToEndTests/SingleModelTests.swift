import Files
import Foundation
import Telemetry
import TestSupport
import Testing
import WindowStore

/// One model of a run, among others: it is missing, it is found, it is trained again alone.
@Suite(.timeLimit(.minutes(30))) struct SingleModelTests {
  private let noon = "2026-01-01T12:00:00Z"

  /// The files of all models but those of `stem`, with the list of trained ones.
  private func others(_ run: ScoringRun, than stem: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models")
    where !name.hasPrefix("\(stem).") {
      found[name] = try Data(contentsOf: URL(fileURLWithPath: "\(run.folder)/models/\(name)"))
    }
    return found
  }

  private func train(_ run: ScoringRun, _ more: [String]) async throws -> SondeProgram.Outcome {
    try await SondeProgram.run(["train", run.folder] + more)
  }

  @Test func aModelThatIsGoneIsFoundAndTrainedAlone() async throws {
    try await ScoringRun.trained { run in
      let before = try others(run, than: "none")
      for ending in ["model", "json"] {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/device_pump-2.\(ending)")
      }
      let lint = try await SondeProgram.run(["lint", run.folder])
      #expect(lint.status == 1)
      #expect(
        lint.output.contains(
          "device_pump-2\n  missing: there is no such model; it was trained, and its files are gone"),
        "\(lint)")
      #expect(
        lint.output.contains("“sonde train \(run.folder) --device pump-2 [--from … --to …]”"), "\(lint)")
      #expect(lint.output.contains("; 1 models are missing"))
      let trained = try await train(run, ["--device", "pump-2"])
      #expect(trained.status == 0 && trained.output.hasPrefix("trained 1 models"), "\(trained)")
      #expect(try others(run, than: "none") == before, "with the windows and the settings of before")
      let now = try await SondeProgram.run(["lint", run.folder]).output
      #expect(now.contains("6 models, ") && !now.contains("missing"), "\(now)")
      // The others were packed and still are, and so is this one: jobs are not slower.
      let score = try await SondeProgram.run(
        ["score", run.folder, "--fail-on", "failed-rows"] + ScoringRun.noon)
      #expect(score.status == 0, "\(score)")
    }
  }

  @Test func aModelIsTrainedOnOtherWindowsAndTheOthersStay() async throws {
    try await ScoringRun.trained { run in
      let stem = "device_pump-1"
      var before = try others(run, than: stem)
      let own = try TextFile.text(of: "\(run.folder)/models/\(stem).json")
      let trained = try await train(
        run, ["--device", "pump-1", "--from", noon, "--to", "2026-01-01T18:00:00Z", "--nu", "0.05"])
      #expect(trained.status == 0, "\(trained)")
      var after = try others(run, than: stem)
      let lists = (after.removeValue(forKey: "trained.csv"), before.removeValue(forKey: "trained.csv"))
      let (list, listBefore) = (try #require(lists.0), try #require(lists.1))
      #expect(after == before, "also training.json")
      let json = try TextFile.text(of: "\(run.folder)/models/\(stem).json")
      #expect(json != own && json.contains("\"nu\" : 0.05"), "\(json)")
      func rows(_ data: Data) -> [Substring] { String(decoding: data, as: UTF8.self).split(separator: "\n") }
      #expect(zip(rows(list), rows(listBefore)).count { $0 != $1 } == 1 && rows(list).count == 7)
      #expect(rows(list)[2].hasPrefix("pump-1,*,") && rows(list)[2].contains(",72,"))
    }
  }

  @Test func whatCannotBeTrainedAloneKeepsItsModelAndSaysWhy() async throws {
    try await ScoringRun.trained { run in
      let before = try others(run, than: "none")
      let few = try await train(run, ["--device", "pump-1", "--from", noon, "--to", "2026-01-01T12:10:00Z"])
      #expect(few.status == 64 && few.errors.contains("device_pump-1: 2 rows to train on"), "\(few)")
      let none = try await train(
        run, ["--device", "pump-1", "--from", "2025-01-01T00:00:00Z", "--to", "2025-01-02T00:00:00Z"])
      #expect(
        none.status == 64 && none.errors.contains("device_pump-1: none of its windows lies between"),
        "\(none)")
      let unknown = try await train(run, ["--device", "pump-11"])
      #expect(
        unknown.status == 64 && unknown.errors.contains("knows no device pump-11; did you mean pump-1?"),
        "\(unknown)")
      let sensor = try await train(run, ["--device", "pump-1", "--sensor", "temperature"])
      #expect(sensor.status == 64 && sensor.errors.contains("are of whole devices"), "\(sensor)")
      let features = try await train(run, ["--device", "pump-1", "--features", "mean"])
      #expect(
        features.status == 64 && features.errors.contains("one alone cannot be of others"), "\(features)")
      let alone = try await train(run, ["--sensor", "temperature"])
      #expect(alone.status == 64 && alone.errors.contains("--sensor belongs to --device"), "\(alone)")
      #expect(try others(run, than: "none") == before)
    }
  }

  /// A device that came after training, and one whose training failed.
  @Test func modelsThatWereNeverThereAreMissing() async throws {
    try await ScoringRun.with(devices: 2) { run in
      try run.store(
        try ScoringRun.rows(of: "short", windows: 5)
          + ScoringRun.rows(of: "late", windows: 288).filter {
            $0.start >= ScoringRun.start + .seconds(43_200)
          },
        watermark: .seconds(86_340))
      let none = try await train(run, ["--device", "pump-0"])
      #expect(
        none.status == 64 && none.errors.contains("has no training that --device could add to"), "\(none)")
      #expect(try await train(run, ["--from", "2026-01-01T00:00:00Z", "--to", noon]).status == 0)
      let lint = try await SondeProgram.run(["lint", run.folder])
      #expect(
        lint.status == 1
          && lint.output.contains(
            "device_late\n  missing: there is no such model; the store has windows of it")
          && lint.output.contains(
            "device_short\n  missing: there is no such model; its training failed: 5 rows")
          && lint.output.contains("; 2 models are missing"), "\(lint)")
      // What is asked for by name has to come out.
      let both = try await train(
        run, ["--device", "late", "--device", "short", "--from", noon, "--to", "2026-01-02T00:00:00Z"])
      #expect(both.status == 1 && both.output.contains("trained 1 models"), "\(both)")
      #expect(both.errors.contains("device_short: none of its windows lies between"), "\(both)")
      let list = try TextFile.text(of: "\(run.folder)/models/trained.csv")
      #expect(
        list.split(separator: "\n").count == 5 && list.contains("\nshort,*,,,,,none of its windows"),
        "\(list)")
      #expect(try await SondeProgram.run(["lint", run.folder]).output.contains("; 1 models are missing"))
    }
  }

  @Test func ofModelsOfSensorsOneSensorsIsTrained() async throws {
    try await ScoringRun.with(devices: 2) { run in
      try run.store(
        try ScoringRun.rows(of: "pump-0", windows: 288, sensor: "vibration"), watermark: .seconds(86_340))
      let all = ["--from", "2026-01-01T00:00:00Z", "--to", noon]
      #expect(try await train(run, ["--per", "sensor"] + all).status == 0)
      let stem = "device_pump-0_sensor_vibration"
      for ending in ["model", "json"] {
        try FileManager.default.removeItem(atPath: "\(run.folder)/models/\(stem).\(ending)")
      }
      let lint = try await SondeProgram.run(["lint", run.folder])
      #expect(lint.output.contains("--device pump-0 --sensor vibration [--from"), "\(lint)")
      #expect(lint.output.contains("; 1 models are missing"), "\(lint)")
      let before = try others(run, than: stem)
      let trained = try await train(run, ["--device", "pump-0", "--sensor", "vibration"])
      #expect(trained.status == 0 && trained.output.hasPrefix("trained 1 models"), "\(trained)")
      #expect(try others(run, than: stem) == before)
      let now = try await SondeProgram.run(["lint", run.folder]).output
      #expect(now.contains("3 models, ") && !now.contains("missing"), "\(now)")
      let device = try await train(run, ["--device", "pump-0"])
      #expect(device.output.hasPrefix("trained 2 models"), "all of its sensors: \(device)")
    }
  }
}
