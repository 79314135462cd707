import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// The examples in `Scenarios/endpoints`, as they are.
@Suite(.serialized, .timeLimit(.minutes(30))) struct ScriptExampleTests {
  private static let examples = "\(SondeProgram.packageRoot)/Scenarios/endpoints"

  /// Trains a deployment on the first half of the day, scores the second, and returns what came of it.
  private func schedule(
    _ run: ScoringRun, _ endpoint: String, _ deployment: String, python: String? = nil,
    environment: [String: String] = [:]
  ) async throws -> ScriptOutcome {
    let service = try await run.start(
      [
        "schedule", run.folder, "--endpoint", "\(Self.examples)/\(endpoint).yaml", "--deployment", deployment,
        "--every",
        "12h", "--from", "2026-01-01T12:00:00Z", "--train-from", "2026-01-01T00:00:00Z", "--train-to",
        "2026-01-01T12:00:00Z", "--until-stdin-closes",
      ] + (python.map { ["--set", "environment.python=\($0)"] } ?? []), environment: environment)
    service.closeInput()
    for await _ in service.lines {}
    let said = (try? TextFile.text(of: "\(run.folder)/schedule.err")) ?? ""
    #expect(try await service.exit() == .exited(code: 0), "\(said)")
    return try run.outcome(status: 0, errors: said)
  }

  /// Three sensors a device, and one window in the second half that is far from all others.
  private func fleet(_ body: (ScoringRun) async throws -> Void) async throws {
    try await ScoringRun.with(devices: 3) { run in
      for device in 0..<3 {
        var rows = try ScoringRun.rows(of: "pump-\(device)", windows: 288, sensor: "vibration")
        if device == 1 {
          let odd = rows[200].aggregates
          rows[200].aggregates = .init(
            count: odd.count, mean: odd.mean + 40, stddev: odd.stddev * 9, min: odd.mean - 40,
            max: odd.mean + 80)
        }
        try run.store(rows, watermark: .seconds(300 * 288 - 60))
      }
      try await body(run)
    }
  }

  private static let odd = "2026-01-01T16:40:00.000Z"

  /// The window that is odd has the lowest score of all.
  private func expectOddIsLowest(_ outcome: ScriptOutcome, _ comment: Comment) {
    let lowest = outcome.rows.min { (Double($0[4]) ?? 0) < (Double($1[4]) ?? 0) }
    #expect(
      lowest?[0] == "pump-1" && lowest?[2] == Self.odd && lowest?[5] == "1", "\(comment): \(lowest ?? [])")
  }

  @Test(.enabled(if: Python.plain != nil, Python.plainIsMissing))
  func whatNeedsNoPackages() async throws {
    try await fleet { run in
      let outcome = try await schedule(run, "detectors", "three_sigma")
      #expect(outcome.rows.count == 3 * 144 && outcome.failed.isEmpty)
      expectOddIsLowest(outcome, "three_sigma")
    }
    try await fleet { run in
      let outcome = try await schedule(run, "detectors", "random")
      #expect(outcome.rows.count == 3 * 144 && outcome.failed.isEmpty)
      #expect(outcome.rows.count { $0[5] == "1" } < 30)
    }
  }

  @Test(
    .enabled(if: Python.scientific != nil, Python.scientificIsMissing),
    arguments: ["one_class_svm", "isolation_forest"])
  func whatNeedsScikitLearn(deployment: String) async throws {
    try await fleet { run in
      let outcome = try await schedule(run, "detectors", deployment, python: Python.scientific)
      #expect(
        outcome.rows.count == 3 * 144 * (deployment == "one_class_svm" ? 2 : 1),
        "\(outcome.failed.first?.reason ?? "")")
      #expect(outcome.failed.isEmpty)
      // A forest knows no distance, so the window is among the lowest of its device, and not always an anomaly.
      let own = outcome.rows.filter { $0[0] == "pump-1" }.sorted {
        (Double($0[4]) ?? 0) < (Double($1[4]) ?? 0)
      }
      #expect(own.prefix(own.count / 10).contains { $0[2] == Self.odd }, "\(own.first ?? [])")
    }
  }

  private static let statsmodels = Python.having(["pandas", "statsmodels"])

  @Test(.enabled(if: statsmodels != nil, "needs the package python3-statsmodels"))
  func aForecastOfStatsmodels() async throws {
    try await fleet { run in
      let outcome = try await run.score(
        "\(Self.examples)/exponential-smoothing.yaml",
        ["--set", "environment.python=\(try #require(Self.statsmodels))"])
      #expect(
        outcome.status == 0 && outcome.failed.isEmpty,
        "\(outcome.errors) \(outcome.failed.first?.reason ?? "")")
      expectOddIsLowest(outcome, "holt")
    }
  }

  /// Written as the documentation of Azure ML's batch endpoints shows: nothing in it knows of Sonde but the names of columns.
  @Test(.enabled(if: Python.scientific != nil, Python.scientificIsMissing))
  func aScriptAsAzureMLDocumentsIt() async throws {
    try await ScoringRun.with(devices: 3) { run in
      try Folder.make("\(run.folder)/trained")
      let make = """
        import sys, joblib, numpy
        from sklearn.ensemble import IsolationForest
        values = numpy.random.RandomState(1).uniform(-1, 1, (200, 1)) + [[60, 0, 59, 61]] + [[0, 0.5, 0, 0]]
        joblib.dump(IsolationForest(n_estimators=20, random_state=1).fit(values), sys.argv[1])
        """
      let python = try #require(Python.scientific)
      let maker = try await Service.start(
        name: "make", executable: python, arguments: ["-c", make, "\(run.folder)/trained/model.joblib"],
        log: "\(run.folder)/make.err")
      #expect(try await maker.exit() == .exited(code: 0))
      let endpoint = try run.endpoint([
        "code_configuration: { code: \(Self.examples)/documented, scoring_script: batch_driver.py }",
        "environment: { python: \(python) }", "model: trained/model.joblib", "mini_batch_size: 2",
      ])
      let outcome = try await run.score(endpoint)
      #expect(
        outcome.status == 0 && outcome.failed.isEmpty,
        "\(outcome.errors) \(outcome.failed.first?.reason ?? "")")
      #expect(outcome.rows.count == 3 * 143 || outcome.rows.count == 3 * 144)
      let job = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(run.folder)/predictions").first)
      #expect(
        try await run.sonde(["jobs", "logs", run.folder, job]).contains("batch_driver.py, run(2 files)"))
    }
  }

  /// Skipped where Perl's JSON::PP is missing, which Debian's perl-modules have.
  private static let hasPerl = ExecutablePath.find("perl") != nil

  @Test(.enabled(if: hasPerl, "needs the package perl"))
  func aScriptInPerl() async throws {
    try await fleet { run in
      let outcome = try await run.score("\(Self.examples)/perl.yaml")
      #expect(
        outcome.status == 0 && outcome.failed.isEmpty,
        "\(outcome.errors) \(outcome.failed.first?.reason ?? "")")
      expectOddIsLowest(outcome, "perl")
      let one = try await ScoringRun.with(devices: 1, windows: 24, watermark: .seconds(7500)) {
        try await $0.score("\(Self.examples)/perl.yaml", after: "2026-01-01T01:00:00Z")
      }
      #expect(one.scores.first == "pump-0 2026-01-01T01:00:00.000Z 0.5 0")
    }
  }

  // MARK: - One-class SVMs

  /// The pipelines that the example trains are written as LIBSVM models, and Sonde scores the same windows with those.
  @Test(.enabled(if: Python.scientific != nil, Python.scientificIsMissing))
  func theSameOneClassSVMsDecideTheSameHereAndThere() async throws {
    let export = """
      import json, os, pickle, sys
      sys.path.insert(0, sys.argv[1])
      with open(sys.argv[2], "rb") as file:
          models = pickle.load(file)
      for (device, sensor), pipeline in models.items():
          scaler, svm = pipeline[0], pipeline[1]
          stem = os.path.join(sys.argv[3], f"device_{device}_sensor_{sensor}")
          with open(stem + ".json", "w") as file:
              json.dump({"device": device, "sensor": sensor, "features": ["mean", "stddev", "min", "max"],
                         "scaler": {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}}, file)
          with open(stem + ".model", "w") as file:
              print("svm_type one_class\\nkernel_type rbf", f"gamma {svm._gamma!r}", "nr_class 2",
                    f"total_sv {len(svm.support_vectors_)}", f"rho {-float(svm.intercept_[0])!r}", "SV", sep="\\n", file=file)
              for alpha, vector in zip(svm.dual_coef_[0], svm.support_vectors_):
                  print(repr(float(alpha)), *(f"{index + 1}:{float(value)!r}" for index, value in enumerate(vector)), file=file)
      """
    let python = try #require(Python.scientific)
    try await fleet { run in
      let script = try await schedule(run, "detectors", "one_class_svm", python: python)
      #expect(script.rows.count == 6 * 144)
      let trained = "\(run.folder)/models/one_class_svm"
      let model = try #require(
        try FileManager.default.contentsOfDirectory(atPath: trained).first {
          $0.hasPrefix("t") && !$0.contains(".")
        })
      try Folder.make("\(run.folder)/libsvm")
      let exporter = try await Service.start(
        name: "export", executable: python,
        arguments: [
          "-c", export, "\(Self.examples)/one-class-svm", "\(trained)/\(model)/pipelines.pickle",
          "\(run.folder)/libsvm",
        ],
        log: "\(run.folder)/export.err")
      #expect(
        try await exporter.exit() == .exited(code: 0),
        "\((try? TextFile.text(of: "\(run.folder)/export.err")) ?? "")")
      let svm = try await fleetScored(by: "\(run.folder)/libsvm")
      #expect(
        svm.rows.count == script.rows.count && svm.failed.isEmpty,
        "\(svm.failed.first?.reason ?? svm.errors)")
      var sums: [String: Double] = [:]
      for (own, other) in zip(svm.rows, script.rows) {
        #expect(own[..<4] == other[..<4])
        let stem = "device_\(own[0])_sensor_\(own[1])"
        let sum = try sums[stem] ?? sumOfCoefficients("\(run.folder)/libsvm/\(stem).model")
        sums[stem] = sum
        let (a, b) = try (#require(Double(own[4])), #require(Double(other[4])))
        #expect(abs(a - b) <= 1e-12 * sum, "\(stem) at \(own[2]): \(a) and \(b), Σα \(sum)")
        #expect(own[5] == other[5])
      }
      #expect(sums.count == 6)
    }
  }

  private func fleetScored(by models: String) async throws -> ScriptOutcome {
    var outcome: ScriptOutcome?
    try await fleet { run in
      let endpoint = try run.endpoint([
        "models: \(models)", "per: sensor", "features: [mean, stddev, min, max]",
      ])
      let service = try await run.start(
        [
          "schedule", run.folder, "--endpoint", endpoint, "--every", "12h", "--from", "2026-01-01T12:00:00Z",
          "--until-stdin-closes",
        ])
      service.closeInput()
      for await _ in service.lines {}
      _ = try await service.exit()
      outcome = try run.outcome(
        status: 0, errors: (try? TextFile.text(of: "\(run.folder)/schedule.err")) ?? "")
    }
    return try #require(outcome)
  }

  private func sumOfCoefficients(_ path: String) throws -> Double {
    let lines = try TextFile.text(of: path).split(separator: "\n")
    let vectors = lines[(try #require(lines.firstIndex(of: "SV")) + 1)...]
    return try vectors.reduce(0) { try $0 + #require($1.split(separator: " ").first.flatMap { Double($0) }) }
  }
}
