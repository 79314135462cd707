import Files
import Foundation
import Telemetry
import TestSupport
import Testing

/// The commands of models on plain files: train, lint, score, list, show, export and import.
@Suite struct ModelFilesTests {
  /// A row a minute of two devices with two sensors each. Four rows of `a` after the first five hours are far from the
  /// others.
  private func writeWindows(_ path: String, rows: Int = 400) throws {
    var generator = SeededGenerator(seed: 11, stream: "windows")
    var text = "TS,Device,Sensor,Mean,StdDev\n"
    for row in 0..<rows {
      let time = Timestamp(milliseconds: 1_767_225_600_000 + Int64(row) * 60_000)
      for device in ["a", "b"] {
        for sensor in ["pressure", "temperature"] {
          let shift = device == "a" && [310, 330, 350, 370].contains(row) ? 40.0 : 0
          let mean = 20 + generator.uniform(in: -1...1) + shift
          text += "\(time),\(device),\(sensor),\(mean),\(0.5 + generator.uniform(in: -0.1...0.1))\n"
        }
      }
    }
    try AtomicFile.write(text, to: path)
  }

  private func predictions(_ path: String) throws -> [CSVReader.Row] {
    var reader = try CSVReader(path: path)
    var rows: [CSVReader.Row] = []
    while let row = try reader.nextRow() { rows.append(row) }
    return rows
  }

  @Test func whatIsTrainedOnAFileScoresIt() async throws {
    try await withTemporaryFolder { folder in
      try writeWindows("\(folder)/windows.csv")
      let trained = try await SondeProgram.run([
        "train", "--input", "\(folder)/windows.csv", "--columns", "time=TS", "--models", "\(folder)/models",
        "--per", "sensor", "--nu", "0.02", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T05:00:00Z",
      ])
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.output.hasPrefix("trained 4 models"), "\(trained.output)")

      let list = try await SondeProgram.run(["models", "list", "\(folder)/models", "--format", "json"])
      #expect(list.status == 0 && list.output.contains("device_a_sensor_pressure"), "\(list.output)")
      let show = try await SondeProgram.run([
        "models", "show", "\(folder)/models", "device_a_sensor_pressure",
      ])
      #expect(show.status == 0 && show.output.contains("mean") && show.output.contains("stddev"), "\(show)")

      let score = try await SondeProgram.run([
        "score", "--input", "\(folder)/windows.csv", "--columns", "time=TS", "--models", "\(folder)/models",
        "--output", "\(folder)/out",
      ])
      #expect(score.status == 0, "\(score.errors)")
      let rows = try predictions("\(folder)/out/predictions.csv")
      #expect(rows.count == 1600)
      for option in [["--set", "error_threshold=0"], ["--nodes", "2"], ["--format", "json"]] {
        let refused = try await SondeProgram.run(
          [
            "score", "--input", "\(folder)/windows.csv", "--models", "\(folder)/models", "--output",
            "\(folder)/out2",
          ]
            + option)
        #expect(refused.status == 64 && refused.errors.contains("takes none"), "\(refused)")
      }
      // The shifted rows of `a` are the least normal of their model.
      for sensor in ["pressure", "temperature"] {
        let scored = try rows.filter { $0.fields[0] == "a" && $0.fields[1] == sensor }
          .map { (minute: $0.fields[2].dropFirst(11).prefix(5), score: try #require(Double($0.fields[4]))) }
          .sorted { $0.score < $1.score }
        #expect(Set(scored.prefix(4).map(\.minute)) == ["05:10", "05:30", "05:50", "06:10"])
      }

      // The models are sound, and a model that is not is named.
      let lint = try await SondeProgram.run([
        "lint", "\(folder)/models", "--windows", "\(folder)/windows.csv",
      ])
      #expect(lint.status == 0 && lint.output == "4 models, nothing found\n", "\(lint)")
      let path = "\(folder)/models/device_b_sensor_pressure.model"
      try AtomicFile.write(
        try TextFile.text(of: path).replacing("rho ", with: "rho 1"), to: path, existing: .replace)
      let broken = try await SondeProgram.run(["lint", "\(folder)/models", "--format", "json"])
      #expect(broken.status == 1 && broken.output.contains("device_b_sensor_pressure"), "\(broken)")
    }
  }

  @Test func aModelOfAWholeDeviceTakesItsSensorsTogether() async throws {
    try await withTemporaryFolder { folder in
      try writeWindows("\(folder)/windows.csv")
      let trained = try await SondeProgram.run([
        "train", "--input", "\(folder)/windows.csv", "--models", "\(folder)/models", "--features", "mean",
        "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T03:00:00Z",
      ])
      #expect(trained.status == 0 && trained.output.hasPrefix("trained 2 models"), "\(trained)")
      let show = try await SondeProgram.run([
        "models", "show", "\(folder)/models", "device_a", "--format", "json",
      ])
      #expect(show.output.contains("pressure.mean") && show.output.contains("temperature.mean"), "\(show)")
      #expect(show.output.contains("180"), "the rows of three hours")

      // A row without its second sensor fails alone, with the reason.
      var lines = try TextFile.text(of: "\(folder)/windows.csv").split(separator: "\n")
      lines.remove(at: 2)
      lines[4] = lines[4].replacing(/,[0-9.]+,/, with: ",?,")[...]
      try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/gaps.csv")
      let score = try await SondeProgram.run([
        "score", "--input", "\(folder)/gaps.csv", "--models", "\(folder)/models", "--output", "\(folder)/out",
      ])
      #expect(score.status == 0, "\(score.errors)")
      #expect(try predictions("\(folder)/out/predictions.csv").count == 798)
      let failed = try TextFile.text(of: "\(folder)/out/failed.csv")
      #expect(failed.contains("there is no temperature.mean at this time"), "\(failed)")
      #expect(failed.contains("“?”, not a finite number"), "\(failed)")
    }
  }

  @Test func anExportedModelIsImportedAsItWas() async throws {
    try await withTemporaryFolder { folder in
      try writeWindows("\(folder)/windows.csv", rows: 100)
      _ = try await SondeProgram.run([
        "train", "--input", "\(folder)/windows.csv", "--models", "\(folder)/models", "--per", "sensor",
      ])
      let stem = "device_a_sensor_pressure"
      let export = try await SondeProgram.run([
        "models", "export", "\(folder)/models", stem, "--to", "\(folder)/out",
      ])
      #expect(export.status == 0, "\(export.errors)")
      let into = try await SondeProgram.run([
        "models", "import", "\(folder)/out/\(stem).model", "--to", "\(folder)/other", "--device", "a",
        "--sensor",
        "pressure",
      ])
      #expect(into.status == 0, "\(into.errors)")
      let file = "\(stem).model"
      #expect(
        try TextFile.bytes(of: "\(folder)/models/\(file)") == TextFile.bytes(of: "\(folder)/other/\(file)"))
    }
  }

  @Test func aRunThatHasImportedModelsAloneIsScored() async throws {
    try await ScoringRun.with { run in
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z", "--features",
        "mean,p95",
      ])
      let score = ["--after", "2026-01-01T12:00:00Z"]
      _ = try await run.sonde(["score", run.folder] + score)
      try await ScoringRun.with { other in
        let missing = try await SondeProgram.run(["score", other.folder] + score)
        #expect(
          missing.status == 64 && missing.errors.contains("run “sonde train” first"), "\(missing.errors)")
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models")
        where file.hasSuffix(".model") {
          _ = try await other.sonde([
            "models", "import", "\(run.folder)/models/\(file)", "--to", other.folder,
          ])
        }
        _ = try await other.sonde(["score", other.folder] + score)
        #expect(try other.outputs() == run.outputs())
      }
    }
  }

  @Test func aModelThatNamesNoSensorIsTakenOverWithAWord() async throws {
    try await withTemporaryFolder { folder in
      let windows = (0..<40).map { "a,flow,2026-01-01T00:\(10 + $0):00Z,\(60 + $0 % 7)" }
      try AtomicFile.write(
        "device,sensor,time,value\n" + windows.joined(separator: "\n") + "\n", to: "\(folder)/w.csv")
      let train = try await SondeProgram.run([
        "train", "--input", "\(folder)/w.csv", "--models", "\(folder)/m",
      ])
      #expect(train.status == 0, "\(train.errors)")
      // As from elsewhere: without the JSON that says whose it is.
      let file = "\(folder)/foreign.model"
      try FileManager.default.copyItem(atPath: "\(folder)/m/device_a.model", toPath: file)
      for (sensor, isSaid) in [([], true), (["--sensor", "flow"], false)] {
        let outcome = try await SondeProgram.run(
          ["models", "import", file, "--to", "\(folder)/other", "--device", "b", "--features", "mean"]
            + sensor)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("names no sensor") == isSaid, "\(outcome.errors)")
      }
    }
  }

  @Test(arguments: [
    (["--input", "w.csv"], "--models"), (["run", "--input", "w.csv"], "either"), ([], "either"),
    (["--input", "w.csv", "--models", "m", "--features", "median"], "no column for the feature “median”"),
    (["--input", "w.csv", "--models", "m", "--features", "mean,mean"], "twice"),
    (["--input", "w.csv", "--models", "m", "--from", "2026-01-01T00:00:00Z"], "belong together"),
    (["--input", "w.csv", "--models", "m", "--columns", "when=TS"], "none of time"),
    (["--input", "w.csv", "--models", "m", "--columns", "device=Box"], "no column “Box”"),
    (["--input", "none.csv", "--models", "m"], "none.csv"),
    (["--input", "w.csv", "--models", "m", "--nu", "2"], "nu"),
    (["--input", "w.csv", "--models", "m", "--threads", "0"], "at least 1"),
    (["run"], "no such folder"),
  ])
  func faultyTrainingIsRefusedWithItsReason(arguments: [String], mentions: String) async throws {
    try await withTemporaryFolder { folder in
      try writeWindows("\(folder)/w.csv", rows: 40)
      let outcome = try await SondeProgram.run(
        ["train"] + arguments.map { $0.hasSuffix(".csv") || $0 == "m" ? "\(folder)/\($0)" : $0 })
      #expect(outcome.status != 0)
      #expect((outcome.errors + outcome.output).contains(mentions), "\(outcome)")
      #expect(!outcome.errors.contains("Fatal error"))
    }
  }
}
