import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// What scripts run in: virtual environments, and the models that need no script.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
struct ScriptEnvironmentTests {
  private static let examples = "\(SondeProgram.packageRoot)/Scenarios/endpoints"
  /// Environments with packages of PyPI are made once for all runs of the tests.
  private static let cache = "\(SondeProgram.packageRoot)/.build/test-environments"

  /// Whether pip reaches an index that has `package`.
  private static func canInstall(_ package: String) async -> Bool {
    guard let python = Python.plain else { return false }
    let service = try? await Service.start(
      name: "pip", executable: python,
      arguments: [
        "-m", "pip", "--disable-pip-version-check", "--timeout", "10", "--retries", "0", "download",
        "--quiet", "--no-deps", "--dest", NSTemporaryDirectory() + "sonde-test-wheel", package,
      ],
      log: "/dev/null")
    guard let service else { return false }
    for await _ in service.lines {}
    return (try? await service.exit()) == .exited(code: 0)
  }

  /// The packages are found in a folder: a wheel that this test writes, so that no network is needed.
  @Test func anEnvironmentIsMadeOnceFromRequirements() async throws {
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let wheels = "\(run.folder)/wheels"
      try Folder.make(wheels)
      let make = """
        import sys, zipfile
        with zipfile.ZipFile(sys.argv[1] + "/sonde_test_offset-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("sonde_test_offset.py", "OFFSET = 60.9\\n")
            wheel.writestr("sonde_test_offset-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: sonde-test-offset\\nVersion: 1.0\\n")
            wheel.writestr("sonde_test_offset-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            wheel.writestr("sonde_test_offset-1.0.dist-info/RECORD", "sonde_test_offset.py,,\\nsonde_test_offset-1.0.dist-info/METADATA,,\\nsonde_test_offset-1.0.dist-info/WHEEL,,\\nsonde_test_offset-1.0.dist-info/RECORD,,\\n")
        """
      let maker = try await Service.start(
        name: "make", executable: try #require(Python.plain), arguments: ["-c", make, wheels],
        log: "\(run.folder)/make.err")
      #expect(try await maker.exit() == .exited(code: 0))
      try "--no-index\n--find-links \(wheels)\nsonde-test-offset\n".write(
        toFile: "\(run.folder)/requirements.txt", atomically: true, encoding: .utf8)
      let endpoint = try run.endpoint(
        ScoringRun.script("import sonde_test_offset\nassert sonde_test_offset.OFFSET == 60.9"),
        settings: ["environment: { requirements: requirements.txt }"])
      let cache: [String: String?] = ["XDG_CACHE_HOME": "\(run.folder)/cache"]
      let first = try await run.score(
        endpoint, ["--through", "2026-01-01T01:30:00Z"], after: "2026-01-01T01:00:00Z", environment: cache)
      #expect(first.status == 0 && first.failed.isEmpty, "\(first.errors)")
      #expect(
        first.errors.contains("making the Python environment of \(run.folder)/requirements.txt, once")
      )
      #expect(first.errors.contains("is ready after"))
      let second = try await run.score(endpoint, after: "2026-01-01T01:30:00Z", environment: cache)
      #expect(
        second.status == 0 && second.rows.count == 24
          && !second.errors.contains("Python environment"))

      // Packages that are not to be had: the job fails with what pip says, and where all of it is.
      try "--no-index\nsonde-no-such-package\n".write(
        toFile: "\(run.folder)/requirements.txt", atomically: true, encoding: .utf8)
      try FileManager.default.removeItem(atPath: "\(run.folder)/predictions")
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: "\(run.folder)/jobs.sqlite\(suffix)")
      }
      let failed = try await run.score(endpoint, after: "2026-01-01T01:00:00Z", environment: cache)
      #expect(failed.status == 1 && failed.rows.isEmpty)
      #expect(
        failed.errors.contains(
          "the Python environment of \(run.folder)/requirements.txt cannot be made: ERROR: "))
      #expect(failed.errors.contains("sonde-no-such-package"), "\(failed.errors)")
    }
  }

  /// A graph of three nodes, made by `onnx/make.py`.
  @Test(.enabled("needs an index with the package onnxruntime") { await canInstall("onnxruntime") })
  func aGraphOfONNXNeedsNoScript() async throws {
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let cache: [String: String?] = ["XDG_CACHE_HOME": Self.cache]
      let outcome = try await run.score(
        "\(Self.examples)/onnx.yaml", after: "2026-01-01T01:00:00Z", environment: cache)
      #expect(outcome.status == 0 && outcome.failed.isEmpty, "\(outcome.errors)")
      // Single precision: 1 - |(max - min) / 6 - stddev|, of windows 2 wide and a standard deviation of 0.5.
      #expect(
        outcome.rows.count == 24
          && outcome.rows.allSatisfy { abs((Double($0[4]) ?? 0) - (1 - 1.0 / 6)) < 1e-5 },
        "\(outcome.rows.first ?? [])")
    }
    // Its input is looked at before the first task.
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let cache: [String: String?] = ["XDG_CACHE_HOME": Self.cache]
      let outcome = try await run.score(
        "\(Self.examples)/onnx.yaml", ["--set", "features=mean,max"], after: "2026-01-01T01:00:00Z",
        environment: cache)
      #expect(outcome.status == 1)
      #expect(
        outcome.failed.count == 24
          && outcome.failed.allSatisfy {
            $0.reason.contains(
              "did not start: ValueError: the input features has 4 columns, and the deployment has 2 features"
            )
          }, "\(outcome.failed.first?.reason ?? "")")
      try "no graph".write(toFile: "\(run.folder)/broken.onnx", atomically: true, encoding: .utf8)
    }
  }

  @Test(.enabled("needs an index with the package mlflow-skinny") { await canInstall("mlflow-skinny") })
  func aModelOfMLflowNeedsNoScript() async throws {
    let cache: [String: String?] = ["XDG_CACHE_HOME": Self.cache]
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let outcome = try await run.score(
        "\(Self.examples)/mlflow.yaml", after: "2026-01-01T01:00:00Z", environment: cache)
      #expect(
        outcome.status == 0 && outcome.failed.isEmpty,
        "\(outcome.errors) \(outcome.failed.first?.reason ?? "")")
      // 6 - range / stddev.
      #expect(
        outcome.rows.count == 24 && outcome.rows.allSatisfy { abs((Double($0[4]) ?? 0) - 2) < 1e-9 },
        "\(outcome.rows.first ?? [])")
    }
    try await ScoringRun.with(devices: 2, windows: 24, watermark: .seconds(7500)) { run in
      let outcome = try await run.score(
        "\(Self.examples)/mlflow.yaml", ["--set", "features=mean,stddev"], after: "2026-01-01T01:00:00Z",
        environment: cache)
      #expect(
        outcome.failed.count == 24
          && outcome.failed.allSatisfy {
            $0.reason.contains("the model wants the column range; the deployment has mean, stddev")
          }, "\(outcome.failed.first?.reason ?? "")")
    }
  }
}
