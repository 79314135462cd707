import Files
import Foundation
import TestSupport
import Testing

/// Scoring inside the stream as a part of a run.
@Suite(.serialized, .timeLimit(.minutes(30))) struct StreamScenarioTests {
  private static let quickstart = "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml"

  /// The rows of all prediction files, as ``streamPredictions(of:)`` writes them.
  private func batchPredictions(of folder: String) throws -> [String] {
    try Remains(of: folder).files.filter { $0.key.hasSuffix("predictions.csv") }.flatMap { _, text in
      text.split(separator: "\n").dropFirst().map { line -> String in
        let fields = line.split(separator: ",").map(String.init)
        let times = fields[2...3].map { "\(milliseconds($0))" }
        return [
          fields[0], fields[1], times[0], times[1], "\(Double(fields[4])?.bitPattern ?? 0)", fields[5],
          fields[6], fields[7],
        ].joined(separator: "|")
      }
    }.sorted()
  }

  private func milliseconds(_ text: String) -> Int64 {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return Int64(((formatter.date(from: text)?.timeIntervalSince1970 ?? 0) * 1000).rounded())
  }

  @Test(arguments: ["device", "sensor"])
  func theStreamScoresWhatTheJobsScore(scope: String) async throws {
    try await withTemporaryFolder { folder in
      let common = ["run", Self.quickstart] + smallScenario + ["--set", "model.per=\(scope)"]
      let plain = try await SondeProgram.run(common + ["--out", "\(folder)/plain"])
      #expect(plain.status == 0, "\(plain.errors)")
      let outcome = try await SondeProgram.run(
        common + [
          "--set", "stream_scoring={ max_batch_count: 30, parallel_requests: 2 }", "--out", "\(folder)/run",
        ])
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
      let batch = try batchPredictions(of: "\(folder)/run")
      #expect(batch.count > 100)
      #expect(try streamPredictions(of: "\(folder)/run").sorted() == batch)
      // Windows, models and predictions are those of a run without a stream.
      #expect(try Remains(of: "\(folder)/run") == Remains(of: "\(folder)/plain"))
      let stream = try #require(try report(of: "\(folder)/run")["stream"] as? [String: Any])
      #expect(stream["scored"] as? Int == batch.count)
      #expect(stream["backlogged_windows"] as? Int == 0)
      #expect((stream["watermark_delay_ms"] as? [String: Any])?["max"] is Double)
      #expect(try report(of: "\(folder)/plain")["stream"] is NSNull)
      // Both of its processes are in the run's course to its end.
      var course = try CSVReader(path: "\(folder)/run/timeline.csv")
      let columns = try ["serve_memory_bytes", "stream_memory_bytes"].map(course.column)
      var last: [String] = []
      while let row = try course.nextRow() { last = row.fields }
      #expect(columns.allSatisfy { (Int(last[$0]) ?? 0) > 1 << 20 }, "\(last)")
      let verify = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
      // The smallest damage is found.
      try StoreEdit.run(
        "UPDATE stream_scores SET score = score * (1 + 1e-15) WHERE device = 1 AND start_ms = (SELECT max(start_ms) FROM stream_scores)",
        on: "\(folder)/run/sonde.sqlite")
      let damaged = try await SondeProgram.run(["verify", "\(folder)/run"])
      #expect(damaged.status == 1)
      #expect(damaged.output.contains("stream"), "\(damaged.output)")
      #expect(try Processes.naming(folder).isEmpty)
    }
  }

  /// Whatever is killed, each revision is scored once, as a run scores it that nobody disturbed.
  @Test func killsAndCutsChangeNoScore() async throws {
    try await withTemporaryFolder { folder in
      let common =
        ["run", Self.quickstart] + smallScenario + [
          "--set", "clock.speed=x1800", "--set", "fleet[0].every=30s", "--set", "serving={ replicas: 2 }",
          "--set", "stream_scoring={ max_batch_count: 10, parallel_requests: 2 }",
          "--set", "expect=[readings.lost == 0, windows.mismatched == 0, stream.backlogged_windows == 0]",
        ]
      let calm = try await SondeProgram.run(common + ["--out", "\(folder)/calm"])
      // 3: the machine was too busy for the fleet's own schedule.
      #expect([0, 3].contains(calm.status), "\(calm.output)\(calm.errors)")
      let faults = [
        "{ at: 3h30m, kill: replica }", "{ at: 4h, kill: stream, for: 200ms }",
        "{ at: 4h20m, kill: haproxy }",
        "{ at: 4h40m, cut: stream, for: 300ms }", "{ at: 5h, pause: replica, for: 500ms }",
        "{ at: 5h20m, kill: ingestion }", "{ at: 5h30m, pause: stream, for: 300ms }",
      ]
      // Slower: on a busy machine the service takes its time to begin, and must be there when the faults come.
      let rough = try await SondeProgram.run(
        common + [
          "--set", "clock.speed=x300", "--set", "faults=[\(faults.joined(separator: ", "))]", "--out",
          "\(folder)/rough",
        ])
      #expect([0, 3].contains(rough.status), "\(rough.output)\(rough.errors)")
      let carriedOut = try report(of: "\(folder)/rough")["faults"] as? [String: Any]
      #expect(carriedOut?["carried_out"] as? Int == faults.count)
      let scores = try streamPredictions(of: "\(folder)/calm")
      #expect(scores.count > 100)
      #expect(try streamPredictions(of: "\(folder)/rough") == scores)
      #expect(try Processes.naming(folder).isEmpty)
    }
  }

  /// A script that no request can please: by the rules of 2020 the run fails, and says why.
  @Test func aFatalAnswerFailsTheRun() async throws {
    try await withTemporaryFolder { folder in
      try Folder.make("\(folder)/endpoint")
      try AtomicFile.write(
        """
        name: broken
        deployments: { it: { code_configuration: { code: ., scoring_script: score.py } } }
        """, to: "\(folder)/endpoint/it.yaml", existing: .replace)
      try AtomicFile.write(
        "def init(): pass\ndef run(files): raise ValueError('no such tune')\n",
        to: "\(folder)/endpoint/score.py",
        existing: .replace)
      let outcome = try await SondeProgram.run(
        ["run", Self.quickstart] + smallScenario + [
          "--set", "serving={ endpoint: \(folder)/endpoint/it.yaml }", "--set",
          "stream_scoring={ fatal_codes: 2020 }", "--out", "\(folder)/run",
        ])
      #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
      let report = try report(of: "\(folder)/run")
      #expect(report["verdict"] as? String == "failed")
      let reason = report["reason"] as? String ?? ""
      #expect(reason.contains("500") && reason.contains("no such tune"), "\(reason)")
    }
  }
}
