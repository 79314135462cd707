import Files
import Foundation
import TestSupport
import Testing

/// Deployments of an endpoint that score the same windows side by side.
@Suite(.serialized) struct ComparisonTests {
  private static let fleet = """
    name: compared
    seed: 5
    clock: { duration: 4h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 30s
        sensors:
          a: { signal: [{ sine: { offset: 10, amplitude: 2, period: 40m } }, { noise: { stddev: 1 } }] }
          b: { signal: [{ noise: { stddev: 1 } }] }
        anomalies: [{ kind: mean, sensor: a, devices: [d-0002], at: 3h, for: 20m, severity: 8 }]
        transport: [{ kind: reordering, devices: [d-0003], between: [130m, 200m], by: 15m, share: 10% }]
    ingestion: { window: 5m, out_of_orderness: 30s, allowed_lateness: 15m }
    """

  private static let scenario =
    fleet + """

      endpoint: endpoint.yaml
      compare: [svm, far, late]
      model: { train_on: [0h, 2h] }
      scoring: { from: 2h, cron: "*/30 * * * *" }
      expect:
        - readings.lost == 0
        - detection.deployments[deployment=far].failed == 0
        - detection.deployments[deployment=far].event_recall == 1
        - detection.deployments[deployment=late].vus_pr < 0.9
      """

  private static let endpoint = """
    name: both
    default_deployment: svm
    deployments:
      svm: { nu: 0.05 }
      far: { code_configuration: { code: code, scoring_script: far.py } }
      late: { code_configuration: { code: code, scoring_script: late.py } }
    """

  /// Scores by the distance of a sensor's mean from what it was in training.
  private static let far = """
    import csv, json, os, statistics
    def rows(path):
        with open(path, newline="") as file:
            yield from csv.DictReader(file)
    def train(windows_path, model_dir):
        means = {}
        for row in rows(windows_path):
            means.setdefault(row["sensor"], []).append(float(row["mean"]))
        usual = {name: (statistics.fmean(found), statistics.pstdev(found)) for name, found in means.items()}
        with open(os.path.join(model_dir, "usual.json"), "w") as file:
            json.dump(usual, file)
    def init():
        global usual
        with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "usual.json")) as file:
            usual = json.load(file)
    def run(mini_batch):
        scores = {}
        for row in (row for path in mini_batch for row in rows(path)):
            mean, deviation = usual[row["sensor"]]
            key = row["device"], row["window_start"]
            scores[key] = min(scores.get(key, 4), 4 - abs(float(row["mean"]) - mean) / deviation)
        return [key + (score,) for key, score in scores.items()]
    """

  /// Knows nothing, and calls the second half of every hour anomalous.
  private static let late = """
    import csv
    def init():
        pass
    def run(mini_batch):
        keys = {}
        for path in mini_batch:
            with open(path, newline="") as file:
                for row in csv.DictReader(file):
                    keys[row["device"], row["window_start"]] = None
        return [key + (30 - int(key[1][14:16]), ) for key in keys]
    """

  private func prepare(_ folder: String) throws {
    try Folder.make("\(folder)/code")
    for (file, text) in [
      ("compared.yaml", Self.scenario), ("endpoint.yaml", Self.endpoint), ("code/far.py", Self.far),
      ("code/late.py", Self.late),
    ] { try AtomicFile.write(text, to: "\(folder)/\(file)") }
  }

  private func deployments(of run: String) throws -> [[String: Any]] {
    let detection = try #require(try report(of: run)["detection"] as? [String: Any])
    return try #require(detection["deployments"] as? [[String: Any]])
  }

  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func eachScoresTheSameWindowsAndIsJudged() async throws {
    try await withTemporaryFolder { folder in
      try prepare(folder)
      let run = "\(folder)/run"
      let outcome = try await SondeProgram.run(["run", "\(folder)/compared.yaml", "--out", run])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      for name in ["svm", "far", "late"] { #expect(outcome.output.contains("\n  \(name)")) }
      let sentence = "\n  late is no better than floors.three_sigma: vus_pr "
      #expect(outcome.output.contains(sentence), "\(outcome.output)")
      #expect(!outcome.output.contains("the detector is no better"))
      let found = try deployments(of: run)
      #expect(found.map { $0["deployment"] as? String } == ["svm", "far", "late"])
      #expect(found.map { $0["detector"] as? String } == ["one_class_svm", "script", "script"])
      // The scheduled jobs are those of the default deployment.
      let own = try #require(try report(of: run)["detection"] as? [String: Any])
      #expect(found[0]["vus_pr"] as? Double == own["vus_pr"] as? Double)
      let windows = found.map { $0["windows"] as? Int }
      #expect(Set(windows).count == 1 && (windows[0] ?? 0) > 60, "\(windows)")
      let predictions = found.map { $0["predictions"] as? Int }
      #expect(Set(predictions).count == 1 && predictions[0] != nil, "\(predictions)")
      for entry in found {
        #expect((entry["us_per_window"] as? Double ?? 0) > 0)
        #expect((entry["cost_usd_per_million_windows"] as? Double ?? 0) > 0)
      }
      // The same rows, late revisions among them, are those of each.
      func rows(_ folder: String) throws -> [String] {
        let jobs = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/predictions").sorted()
        return try jobs.flatMap { job -> [String] in
          var reader = try CSVReader(path: "\(folder)/predictions/\(job)/predictions.csv")
          var found: [String] = []
          while let row = try reader.nextRow() {
            found.append(([job] + row.fields[0...3] + [row.fields[7]]).joined(separator: " "))
          }
          return found
        }
      }
      let wanted = try rows(run)
      #expect(wanted.contains { $0.hasSuffix(" 2") }, "no window was revised")
      #expect(try rows("\(run)/deployments/far") == wanted)
      #expect(try rows("\(run)/deployments/late") == wanted)

      try await verify(run)
    }
  }

  /// A finished run differs in nothing, and the smallest damage of a deployment's files is found.
  private func verify(_ run: String) async throws {
    let sound = try await SondeProgram.run(["verify", run])
    #expect(sound.status == 0, "\(sound.output)\(sound.errors)")
    let job = "deployments/far/predictions/2026-01-01T03-30-00Z/predictions.csv"
    let text = try TextFile.text(of: "\(run)/\(job)")
    var lines = text.split(separator: "\n").map(String.init)
    let row = lines.remove(at: 3).split(separator: ",").map(String.init)
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(run)/\(job)", existing: .replace)
    let damaged = try await SondeProgram.run(["verify", run])
    #expect(damaged.status == 1)
    #expect(damaged.output.contains("\(row[0]) * at \(row[2]): missing"), "\(damaged.output)")
    #expect(damaged.output.contains("_SUCCESS"), "\(damaged.output)")
    try AtomicFile.write(text, to: "\(run)/\(job)", existing: .replace)
    let report = try TextFile.text(of: "\(run)/report.json")
    let changed = report.replacing(
      "\"detector\" : \"script\"", with: "\"detector\" : \"other\"", maxReplacements: 1)
    #expect(changed != report)
    try AtomicFile.write(changed, to: "\(run)/report.json", existing: .replace)
    let lied = try await SondeProgram.run(["verify", run])
    #expect(lied.status == 1)
    #expect(lied.output.contains("detection.deployments[1].detector is other"), "\(lied.output)")
  }

  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      ("compare=[svm, blue]", "“blue”"), ("compare=[svm, svm]", "twice"),
      ("endpoint=nowhere.yaml", "nowhere.yaml"),
      ("model.nu=0.1", "with an “endpoint”, its deployments say this"),
      ("scoring.mini_batch_size=3", "with an “endpoint”, its deployments say this"),
      ("expect=[detection.deployments[deployment=blue].recall > 0]", "blue"),
    ])
  func whatCannotBeComparedIsSaid(override: String, words: String) async throws {
    try await withTemporaryFolder { folder in
      try prepare(folder)
      let outcome = try await SondeProgram.run(["validate", "\(folder)/compared.yaml", "--set", override])
      #expect(outcome.status == 64, "\(outcome.output)")
      #expect(
        outcome.errors.contains(words) || outcome.output.contains(words), "\(outcome.errors)\(outcome.output)"
      )
    }
  }

  @Test(.timeLimit(.minutes(30))) func aComparisonNeedsAnEndpoint() async throws {
    try await withTemporaryFolder { folder in
      let scenario = "\(folder)/compared.yaml"
      try AtomicFile.write(
        Self.fleet
          + "\ncompare: [a, b]\nmodel: { train_on: [0h, 2h] }\nscoring: { every: 1h }\nexpect: none\n",
        to: scenario)
      let outcome = try await SondeProgram.run(["validate", scenario])
      #expect(outcome.status == 64 && outcome.errors.contains("compare needs endpoint"), "\(outcome.errors)")
    }
  }
}
