import Files
import Foundation
import Supervision
import TestSupport
import Testing
import WindowStore

/// A scenario with several seeds: its folders, its report over all runs, and both judged again.
@Suite(.serialized) struct SeedTests {
  /// Anomalies lie elsewhere with each seed, and are so slight that some windows are missed.
  private static let scenario = """
    name: seeded
    seeds: 1..3
    clock: { duration: 3h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 30s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 20m } }, { noise: { stddev: 1 } }] }
        anomalies: [{ kind: mean, sensor: a, devices: 2, between: [80m, 170m], for: 20m, severity: 1 }]
    ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 5m }
    model: { nu: 0.05, train_on: [0h, 1h] }
    scoring: { from: 1h, cron: "*/30 * * * *" }
    expect: [readings.lost == 0, detection.recall >= 0, median(detection.recall) > 0, max(readings.lost) == 0]
    """

  private func written(_ text: String, _ folder: String) throws -> String {
    let path = "\(folder)/seeded.yaml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// The figure `names` lead to in a report.
  private func figure(_ report: [String: Any], _ names: String...) -> [String: Double]? {
    var value: Any? = report
    for name in names { value = (value as? [String: Any])?[name] }
    return value as? [String: Double]
  }

  @Test func everySeedIsARunAndAllHaveOneReport() async throws {
    try await withTemporaryFolder { folder in
      let file = try written(Self.scenario, folder)
      let first = try await SondeProgram.run(["run", file, "--out", "\(folder)/a"])
      #expect(first.status == 0, "\(first.output)\n\(first.errors)")
      #expect(first.errors.contains("seed 1, 1 of 3: "), "\(first.errors)")
      #expect(first.output.contains("readings.lost == 0  (in 3 of 3 runs)"), "\(first.output)")
      let together = try report(of: "\(folder)/a")
      #expect(together["verdict"] as? String == "passed")
      #expect((together["seeds"] as? [Int]) == [1, 2, 3])
      // Each figure is the one that the reports of the runs give.
      let recalls = try [1, 2, 3].map { seed in
        let one = try report(of: "\(folder)/a/seed-\(seed)")
        #expect(one["seed"] as? Int == seed)
        #expect((one["expectations"] as? [Any])?.count == 2)
        return try #require((one["detection"] as? [String: Any])?["recall"] as? Double)
      }
      #expect(Set(recalls).count == 3, "the runs are all alike: \(recalls)")
      let recall = try #require(figure(together, "detection", "recall"))
      #expect(
        recall["median"] == recalls.sorted()[1] && recall["min"] == recalls.min()
          && recall["max"] == recalls.max() && recall["runs"] == 3)
      let junit = try TextFile.text(of: "\(folder)/a/junit.xml")
      #expect(junit.contains("tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"0\""), "\(junit)")

      // The same seeds from the command line give the same figures of detection, and other seeds others.
      let second = try await SondeProgram.run([
        "run", file, "--seeds", "1,2,3", "--out", "\(folder)/b", "--format", "json",
      ])
      #expect(second.status == 0, "\(second.errors)")
      #expect(second.output == (try TextFile.text(of: "\(folder)/b/report.json")) + "\n")
      let again = try report(of: "\(folder)/b")
      #expect(
        (again["detection"] as? NSDictionary) == (together["detection"] as? NSDictionary)
          && again["detection"] != nil)
      // A run with one seed alone is judged by all expectations, and gives what it gives among others.
      let alone = try await SondeProgram.run(["run", file, "--seed", "2", "--out", "\(folder)/c"])
      #expect(alone.status == 0, "\(alone.output)\(alone.errors)")
      let one = try report(of: "\(folder)/c")
      #expect((one["expectations"] as? [Any])?.count == 4)
      #expect(
        (one["detection"] as? NSDictionary)
          == (try report(of: "\(folder)/a/seed-2")["detection"] as? NSDictionary))

      try await judgeAgain(folder)
      // What wants the folder of a run says that this is none.
      let labels = "\(folder)/a/seed-1/labels.csv"
      for command in [
        ["alarms", "\(folder)/a"], ["jobs", "list", "\(folder)/a"], ["evaluate", "\(folder)/a", labels],
      ] {
        let refused = try await SondeProgram.run(command)
        #expect(
          refused.status != 0 && refused.errors.contains("several seeds"), "\(command): \(refused.errors)")
      }
      let used = try await SondeProgram.run(["run", file, "--out", "\(folder)/a"])
      #expect(used.status == 64 && used.errors.contains("exists and is not empty"), "\(used.errors)")
    }
  }

  /// Damages copies of the runs in `folder`/a in the smallest way.
  private func judgeAgain(_ folder: String) async throws {
    let whole = try await SondeProgram.run(["verify", "\(folder)/a"])
    #expect(
      whole.status == 0 && whole.output == "seeded: nothing differs\n", "\(whole.output)\(whole.errors)")
    func change(_ path: String, _ change: (String) -> String) throws {
      let before = try TextFile.text(of: path)
      let after = change(before)
      #expect(before != after)
      try AtomicFile.write(after, to: path, existing: .replace)
    }
    let damages: [(finding: String, damage: (String) throws -> Void)] = [
      (
        "report.json: readings.lost.max is 1, and the files of the run give 0",
        { copy in
          try change("\(copy)/report.json") {
            $0.replacing(#/"lost" : \{\s*"max" : 0/#, with: "\"lost\" : { \"max\" : 1")
          }
        }
      ),
      (
        "report.json: verdict is failed, and the files of the run give passed",
        { copy in
          try change("\(copy)/report.json") {
            $0.replacing("\n  \"verdict\" : \"passed\"", with: "\n  \"verdict\" : \"failed\"")
          }
        }
      ),
      (
        "seed-2 report.json: readings.lost is 1",
        { copy in
          try change("\(copy)/seed-2/report.json") { $0.replacing("\"lost\" : 0", with: "\"lost\" : 1") }
        }
      ),
      (
        "seed-3 labels.csv: it is not what scenario and seed give",
        { copy in try change("\(copy)/seed-3/labels.csv") { $0.replacing("mean", with: "trend") } }
      ),
      (
        "seed-3: it cannot be judged",
        { copy in try FileManager.default.removeItem(atPath: "\(copy)/seed-3") }
      ),
      (
        "seed-1 manifest.json: it is of another scenario, or of another seed than 1",
        { copy in
          try FileManager.default.removeItem(atPath: "\(copy)/seed-1")
          try FileManager.default.copyItem(atPath: "\(copy)/seed-2", toPath: "\(copy)/seed-1")
        }
      ),
      (
        "manifest.json: junit.xml is missing",
        { copy in try FileManager.default.removeItem(atPath: "\(copy)/junit.xml") }
      ),
    ]
    for (number, (finding, damage)) in damages.enumerated() {
      let copy = "\(folder)/copy-\(number)"
      try FileManager.default.copyItem(atPath: "\(folder)/a", toPath: copy)
      try damage(copy)
      let outcome = try await SondeProgram.run(["verify", copy])
      #expect(outcome.status == 1, "\(finding): \(outcome.output)\(outcome.errors)")
      #expect(
        outcome.output.split(separator: "\n").contains { $0.hasPrefix(finding) },
        "\(finding)\n\(outcome.output)")
    }
  }

  @Test func whatFailsWithOneSeedFailsAll() async throws {
    try await withTemporaryFolder { folder in
      let file = try written(Self.scenario, folder)
      let outcome = try await SondeProgram.run([
        "run", file, "--seeds", "1,2", "--out", "\(folder)/run", "--set",
        "expect=[seed == 1, min(seed) == 1, max(seed) == 1]",
      ])
      #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
      #expect(outcome.output.contains("seed == 1  (in 1 of 2 runs)"), "\(outcome.output)")
      #expect(outcome.output.contains("not with seed 2: it is 2"), "\(outcome.output)")
      let expectations = try #require(try report(of: "\(folder)/run")["expectations"] as? [[String: Any]])
      #expect(expectations.map { $0["passed"] as? Bool } == [false, true, false])
      #expect(expectations[0]["held"] as? Int == 1 && expectations[0]["failed_seeds"] as? [Int] == [2])
      #expect(try report(of: "\(folder)/run/seed-1")["verdict"] as? String == "passed")
    }
  }

  @Test func aRunThatBreaksLeavesTheOthersTheirVerdicts() async throws {
    try await withTemporaryFolder { folder in
      let file = try written(Self.scenario, folder)
      let outcome = try await SondeProgram.run(
        ["run", file, "--out", "\(folder)/run"], environment: ["SONDE_MOSQUITTO": "\(folder)/mosquitto"])
      #expect(outcome.status == 69, "\(outcome.output)\(outcome.errors)")
      for seed in 1...3 { #expect(outcome.errors.contains("seeded, seed \(seed): "), "\(outcome.errors)") }
      let together = try report(of: "\(folder)/run")
      #expect(together["verdict"] as? String == "error" && (together["runs"] as? [Any])?.count == 3)
    }
  }

  @Test func whatIsKnownIsWrittenWhereSomebodyEndsIt() async throws {
    try await withTemporaryFolder { folder in
      let file = try written(Self.scenario, folder)
      let run = try await Service.start(
        name: "run", executable: SondeProgram.path,
        // Slow enough to be caught in the middle, whatever the machine.
        arguments: [
          "run", file, "--out", "\(folder)/run", "--set", "clock.speed=x1000", "--set", "expect=none",
        ],
        log: "\(folder).log")
      // On a thread of its own: tasks wait for each other on a busy machine, and the run would be over.
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          for _ in 0..<30000 {
            // The file comes before its tables.
            if let progress = try? WindowStoreReader(path: "\(folder)/run/seed-2/sonde.sqlite").progress(),
              progress.storedMessages > 0
            {
              break
            }
            Thread.sleep(forTimeInterval: 0.02)
          }
          run.send(signal: SIGINT)
          continuation.resume()
        }
      }
      #expect(try await run.exit() == .exited(code: 130))
      let together = try report(of: "\(folder)/run")
      #expect(together["verdict"] as? String == "error")
      #expect((together["reason"] as? String)?.contains("with seed 2: interrupted; not run: seed 3") == true)
      #expect(figure(together, "readings", "planned")?["runs"] == 1)
      #expect(!Folder.exists("\(folder)/run/seed-3"))
      let verified = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }
  }

  private static let badSeeds: [(arguments: [String], mentions: String)] = [
    (["--seeds", "10"], "alone may be one seed or the number of them"),
    (["--seeds", "3..1"], "runs backwards; write 1..3"), (["--seeds", "1,1"], "seed 1 is given twice"),
    (["--seeds", "1..5000"], "more than 1000 seeds"), (["--seeds", "a..b"], "“a” is no seed"),
    (["--seeds", "-1..3"], "“-1” is no seed"), (["--seeds", ""], "a seed is missing"),
    (["--seeds", "1..3", "--seed", "2"], "give one of both"),
    (["--set", "seeds=1..3"], "seed and seeds exclude each other"),
    (["--set", "expect=[mean(detection.recall) > 0]"], "there is no function “mean”"),
    (["--seeds", "1..3", "--set", "expect=[median(schedule_lag_ms.p99) < 5]"], "(with seed 1)"),
  ]

  @Test(arguments: badSeeds)
  func badSeedsAreRefused(arguments: [String], mentions: String) async throws {
    for command in [["validate"], ["run"]] {
      let outcome = try await SondeProgram.run(command + ["Scenarios/quickstart.yaml"] + arguments)
      #expect(outcome.status == 64, "\(outcome.errors)")
      #expect(outcome.errors.contains(mentions), "\(outcome.errors)")
    }
  }

  @Test func validateSaysWhatIsOverSeedsWithoutSeeds() async throws {
    let arguments = [
      "validate", "Scenarios/quickstart.yaml", "--set", "expect=[median(detection.recall) > 0]",
    ]
    let alone = try await SondeProgram.run(arguments)
    #expect(alone.status == 0 && alone.errors.contains("--seeds 1..10"), "\(alone.errors)")
    let several = try await SondeProgram.run(arguments + ["--seeds", "1..3"])
    #expect(several.status == 0 && several.errors.isEmpty && several.output.contains("3 seeds"), "\(several)")
  }
}
