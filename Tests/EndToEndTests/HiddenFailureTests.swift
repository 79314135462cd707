import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Commands of training and scoring that have not done what they were asked for say so, in words, exit codes and files.
@Suite(.timeLimit(.minutes(30))) struct HiddenFailureTests {
  private let noon = "2026-01-01T12:00:00Z"

  private func train(_ run: ScoringRun, _ more: [String]) async throws -> SondeProgram.Outcome {
    try await SondeProgram.run(["train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", noon] + more)
  }

  private func schedule(_ run: ScoringRun, _ more: [String] = []) async throws -> ServiceExit {
    let service = try await run.start(
      ["schedule", run.folder, "--from", noon, "--cron", "0 */6 * * *", "--until-stdin-closes"] + more)
    service.closeInput()
    return try await service.exit()
  }

  @Test func aScheduleTakesTheFeaturesOfTheModels() async throws {
    try await ScoringRun.with { run in
      #expect(try await train(run, ["--features", "mean,stddev", "--per", "sensor"]).status == 0)
      #expect(try await schedule(run, ["--features", "mean"]) == .exited(code: 64))
      let said = try TextFile.text(of: "\(run.folder)/schedule.err")
      #expect(said.contains("one a sensor, of mean,stddev"), "\(said)")
      #expect(try await schedule(run, ["--nu", "0.5"]) == .exited(code: 64))
      #expect(try await schedule(run) == .exited(code: 0))
      let outputs = try run.outputs()
      #expect(outputs.keys.contains { $0.hasSuffix("_SUCCESS") })
      #expect(!outputs.keys.contains { $0.hasSuffix("failed.csv") }, "\(outputs.keys.sorted())")
    }
  }

  @Test func aJobThatScoresNothingHasFailed() async throws {
    try await ScoringRun.trained { run in
      for stem in [
        "device_pump-0", "device_pump-1", "device_pump-2", "device_pump-3", "device_pump-4", "device_pump-5",
      ] {
        try AtomicFile.write("nonsense\n", to: "\(run.folder)/models/\(stem).model", existing: .replace)
      }
      #expect(try await schedule(run) == .exited(code: 1))
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(list.contains("failed") && list.contains("none of its 432 rows could be scored"), "\(list)")
      let outputs = try run.outputs()
      #expect(!outputs.keys.contains { $0.hasSuffix("_SUCCESS") || $0.hasSuffix("predictions.csv") })
      let score = try await SondeProgram.run(["score", run.folder])
      #expect(score.status == 64 && score.errors.contains("jobs rerun"), "\(score)")
    }
  }

  @Test func aJobInWhichSomeRowsFailedSaysHowMany() async throws {
    try await ScoringRun.trained { run in
      try AtomicFile.write("nonsense\n", to: "\(run.folder)/models/device_pump-2.model", existing: .replace)
      let score = try await SondeProgram.run(["score", run.folder] + ScoringRun.noon)
      #expect(score.status == 0, "\(score)")
      let list = try await run.sonde(["jobs", "list", run.folder])
      #expect(list.firstMatch(of: #/completed +\d+ +715 +143 +0/#) != nil, "\(list)")
    }
  }

  @Test func aTrainingThatFailedIsNoTraining() async throws {
    try await ScoringRun.with { run in
      // Two windows are too few.
      let failed = try await SondeProgram.run([
        "train", run.folder, "--from", noon, "--to", "2026-01-01T12:10:00Z",
      ])
      #expect(failed.status == 64 && failed.errors.contains("no model could be trained"), "\(failed)")
      #expect(failed.output == "")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/models") == ["trained.csv"])
      let again = ["--train-from", noon, "--train-to", "2026-01-01T12:10:00Z"]
      #expect(try await schedule(run, again) == .exited(code: 1))
      #expect(!FileManager.default.fileExists(atPath: "\(run.folder)/models/training.json"))
      let outputs = try run.outputs()
      #expect(
        !outputs.isEmpty && outputs.keys.allSatisfy { $0.hasSuffix("failed.csv") }, "\(outputs.keys.sorted())"
      )
    }
  }

  @Test(arguments: ["1e-18", "1e-20", "0", "1.5", "nan", "5e-324"])
  func nuHasOneBound(nu: String) async throws {
    try await withTemporaryFolder { folder in
      let rows = (0..<30).map { "2026-01-01T00:\($0 < 10 ? "0" : "")\($0):00Z,d,s,\($0 % 7)" }
      try AtomicFile.write(
        (["time,device,sensor,mean"] + rows).joined(separator: "\n") + "\n", to: "\(folder)/in.csv")
      let trained = try await SondeProgram.run([
        "train", "--input", "\(folder)/in.csv", "--models", "\(folder)/m", "--per", "sensor", "--nu", nu,
      ])
      #expect(
        trained.status == 64 && trained.errors.contains("it must be a number from 1e-9 to 1"), "\(trained)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/m"))
      try AtomicFile.write(
        "name: e\ndefault_deployment: a\ndeployments:\n  a: { nu: \(nu) }\n", to: "\(folder)/e.yaml")
      let shown = try await SondeProgram.run(["endpoints", "show", "\(folder)/e.yaml"])
      #expect(shown.status == 64 && shown.errors.contains("a number from 1e-9 to 1"), "\(shown)")
    }
  }

  @Test func aPlainFileOfWhichNothingIsScored() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("TS;Device;mean\n01.01.2026 00:00;d;1\n", to: "\(folder)/in.csv")
      try Folder.make("\(folder)/m")
      let arguments = [
        "score", "--input", "\(folder)/in.csv", "--models", "\(folder)/m", "--output", "\(folder)/out",
      ]
      let refused = try await SondeProgram.run(arguments)
      #expect(refused.status == 64 && refused.errors.contains("separated by “;”"), "\(refused)")
      try AtomicFile.write(
        "TS;Device;Sensor;mean\n01.01.2026 00:00;d;s;1\n", to: "\(folder)/in.csv", existing: .replace)
      let score = try await SondeProgram.run(
        arguments + ["--delimiter", "semicolon", "--columns", "time=TS"])
      #expect(score.status == 1 && score.errors.contains("no row could be scored"), "\(score)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out") == ["failed.csv"])
    }
  }

  /// A model from elsewhere whose scaler was forgotten: every window is far outside.
  @Test func anImportedModelThatFlagsEverythingIsFound() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write(
        "svm_type one_class\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 3\nrho 0.9\nSV\n"
          + "0.5 1:0.1 2:0.2 \n0.5 1:0.3 2:0.5 \n1 1:-0.1 2:0.7 \n", to: "\(folder)/foreign.model")
      let rows = (0..<200).map { "\(1_767_225_600 + 60 * $0)\td\tt\t\(11 + $0 % 3)\t\(10 + $0 % 5)" }
      try AtomicFile.write(
        (["TS\tdevice\tsensor\ta\tb"] + rows).joined(separator: "\n") + "\n", to: "\(folder)/w.tsv")
      let options = ["--windows", "\(folder)/w.tsv", "--delimiter", "tab", "--columns", "time=TS"]
      let into = try await SondeProgram.run(
        [
          "models", "import", "\(folder)/foreign.model", "--to", "\(folder)/m", "--device", "d", "--sensor",
          "t",
          "--features", "a,b",
        ] + options)
      #expect(
        into.status == 0 && into.errors.contains("warning: flags_windows: it flags 100% of 200 windows"),
        "\(into)")
      let lint = try await SondeProgram.run(["lint", "\(folder)/m"] + options)
      #expect(lint.status == 1 && lint.output.contains("flags_windows"), "\(lint)")
    }
  }
}
