import Files
import Foundation
import TestSupport
import Testing

/// A scoring service and its load as part of a run.
@Suite(.serialized) struct ServingScenarioTests {
  private static let scenario = """
    name: served
    seed: 5
    clock: { duration: 3h, speed: max }
    fleet:
      - device: d
        count: 3
        every: 30s
        sensors: { a: { signal: [{ noise: { stddev: 1 } }] }, b: { signal: [{ noise: { stddev: 2 } }] } }
    ingestion: { window: 5m, out_of_orderness: 30s }
    model: { train_on: [0h, 2h] }
    scoring: { from: 2h, every: 1h }
    serving:
      replicas: [1, 2]
      load: { rate: 50, for: 2s, rows: [1, 10], timeout: 5m }
    expect:
      - serving.errors == 0
      - serving.sweep[replicas=2,rows_per_request=10].requests > 20
    """

  private func run(
    _ text: String, _ folder: String, _ arguments: [String] = [], environment: [String: String?] = [:]
  )
    async throws -> SondeProgram.Outcome
  {
    try AtomicFile.write(text, to: "\(folder)/served.yaml", existing: .replace)
    return try await SondeProgram.run(
      ["run", "\(folder)/served.yaml", "--out", "\(folder)/run"] + arguments, environment: environment)
  }

  private func serving(_ folder: String) throws -> [String: Any] {
    try #require(try report(of: "\(folder)/run")["serving"] as? [String: Any])
  }

  @Test(.timeLimit(.minutes(30)))
  func eachTrialIsMeasuredAndNothingIsLeftRunning() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run(Self.scenario, folder)
      // 3 where this machine was too busy to send as planned, of which the report says the same.
      #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.output)\(outcome.errors)")
      let serving = try serving(folder)
      let sweep = try #require(serving["sweep"] as? [[String: Any]])
      #expect(sweep.map { $0["replicas"] as? Int } == [1, 1, 2, 2])
      #expect(sweep.map { $0["rows_per_request"] as? Int } == [1, 10, 1, 10])
      for trial in sweep {
        let requests = try #require(trial["requests"] as? Int)
        // Poisson: a hundred on average, and never half or twice as many.
        #expect(requests > 50 && requests < 200)
        #expect(trial["errors"] as? Int == 0)
        #expect((trial["answered"] as? Int ?? 0) + (trial["rejected"] as? Int ?? 0) == requests)
        #expect((trial["cpu_us_per_request"] as? Double ?? 0) > 0)
      }
      #expect(serving["requests"] as? Int == sweep.compactMap { $0["requests"] as? Int }.reduce(0, +))
      #expect(serving["replicas_max"] as? Int == 2)
      #expect(outcome.output.contains("replicas  rows"))
      // Both sizes of a request draw the same arrivals from the seed.
      #expect(sweep[0]["requests"] as? Int == sweep[1]["requests"] as? Int)
      let files = "\(folder)/run/serving/replicas-2-rows-10"
      for file in ["haproxy.cfg", "replicas.csv", "load/load.json", "load/timeline.csv"] {
        #expect(FileManager.default.fileExists(atPath: "\(files)/\(file)"), "\(file)")
      }
      #expect(try Processes.naming(folder).isEmpty)
      let verified = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }
  }

  /// What the report says of the service is held against the account, to the last figure.
  @Test(.timeLimit(.minutes(30)))
  func aChangedFigureIsFound() async throws {
    try await withTemporaryFolder { folder in
      let one = Self.scenario.replacing("replicas: [1, 2]", with: "replicas: 1")
        .replacing("replicas=2,rows_per_request=10", with: "replicas=1,rows_per_request=10")
      let outcome = try await run(one, folder)
      #expect(outcome.status == 0 || outcome.status == 3, "\(outcome.output)\(outcome.errors)")
      let path = "\(folder)/run/report.json"
      let text = try TextFile.text(of: path)
      let answered = try #require(try serving(folder)["answered"] as? Int)
      let changed = text.replacing("\"answered\" : \(answered)", with: "\"answered\" : \(answered + 1)")
      #expect(changed != text)
      try AtomicFile.write(changed, to: path, existing: .replace)
      let verified = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(verified.status == 1 && verified.output.contains("answered"), "\(verified.output)")
    }
  }

  /// An hour of readings is not spent on what cannot be.
  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      [], ["--set", "serving={ replicas: 2 }", "--set", "stream_scoring={}", "--set", "expect=none"],
    ])
  func aMissingHAProxyIsSaidBeforeAnythingRuns(asked: [String]) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await run(
        Self.scenario, folder, asked, environment: ["SONDE_HAPROXY": "no-haproxy-here"])
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("apt-get install haproxy"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/run/sonde.sqlite"))
    }
  }

  /// A service that does not come up ends the run, with the service's own words.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func aServiceThatDoesNotStartEndsTheRun() async throws {
    try await withTemporaryFolder { folder in
      try Folder.make("\(folder)/code")
      try AtomicFile.write(
        "def init():\n    raise ValueError('no model today')\ndef run(data):\n    return 1\n",
        to: "\(folder)/code/score.py")
      try AtomicFile.write(
        "name: own\ndeployments: { own: { code_configuration: { code: code, scoring_script: score.py }, input: raw } }\n",
        to: "\(folder)/own.yaml")
      let text = Self.scenario.replacing("replicas: [1, 2]", with: "endpoint: own.yaml")
        .replacing("replicas=2,", with: "replicas=1,")
      let outcome = try await run(text, folder)
      #expect(outcome.status != 0 && outcome.status != 3)
      #expect(outcome.errors.contains("serve.log"), "\(outcome.errors)")
      let log = try TextFile.text(of: "\(folder)/run/serving/replicas-1-rows-1/serve.log")
      #expect(log.contains("no model today"), "\(log)")
      #expect(try report(of: "\(folder)/run")["verdict"] as? String == "error")
      #expect(try Processes.naming(folder).isEmpty)
    }
  }
}
