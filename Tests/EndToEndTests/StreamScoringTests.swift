import Files
import Foundation
import Supervision
import Telemetry
import TestSupport
import Testing

/// `sonde stream` on a store, by services that work, refuse, break and lie.
@Suite(.serialized, .timeLimit(.minutes(30))) struct StreamScoringTests {
  private static let after = ["--from", "2026-01-01T12:00:00Z"]
  private static let all = 6 * 144

  private func stream(
    _ run: ScoringRun, _ url: String, _ more: [String] = [], environment: [String: String?] = [:]
  ) async throws -> SondeProgram.Outcome {
    try await SondeProgram.run(
      ["stream", run.folder, "--service", url, "--once"] + Self.after + more, environment: environment)
  }

  /// Runs `body` with a service of a few lines that answers by `script`.
  private func withServer(
    _ script: @escaping ScriptedServer.Script, _ body: (String) async throws -> Void
  ) async throws {
    try await withScriptedServer(script) { server in
      try await body("http://127.0.0.1:\(server.port)/v2/models/models/infer")
    }
  }

  @Test func scoresAreThoseOfTheJob() async throws {
    try await ScoringRun.trained { run in
      // The last windows of the day are visible too.
      try run.store(watermark: .seconds(300 * 288))
      _ = try await run.sonde(["score", run.folder] + ScoringRun.noon)
      let service = try await StreamService(models: "\(run.folder)/models", in: run.folder)
      let outcome = try await stream(
        run, service.url, ["--max-batch-count", "7", "--parallel-requests", "3"])
      try await service.stop()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let file = try #require(try run.outputs().first { $0.key.hasSuffix("predictions.csv") }?.value)
      let job = String(decoding: file, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
        let fields = line.split(separator: ",").map(String.init)
        let times = fields[2...3].map { "\(Timestamp(iso8601: $0)?.milliseconds ?? 0)" }
        return [
          fields[0], fields[1], times[0], times[1], "\(Double(fields[4])?.bitPattern ?? 0)", fields[5],
          fields[6], fields[7],
        ].joined(separator: "|")
      }
      #expect(job.count == Self.all)
      #expect(try streamPredictions(of: run.folder) == job)
      // Again there is nothing to do.
      let again = try await stream(run, "http://127.0.0.1:9/v2/models/models/infer")
      #expect(again.status == 0, "\(again.errors)")
    }
  }

  /// Kills it at every step, at the first passage, the second, …, as far as there are.
  @Test func noCrashScoresARevisionTwiceOrNever() async throws {
    try await ScoringRun.trained { run in
      let service = try await StreamService(models: "\(run.folder)/models", in: run.folder)
      let options = ["--max-batch-count", "200", "--parallel-requests", "2"]
      #expect(try await stream(run, service.url, options).status == 0)
      let reference = try streamPredictions(of: run.folder)
      #expect(reference.count == Self.all)
      for point in CrashPoint.stream {
        var passage = 1
        while passage <= 4 {
          try Self.forgetScores(of: run.folder)
          let marker = "\(run.folder)/crashed-\(point.rawValue)-\(passage)"
          let environment: [String: String?] = ["SONDE_CRASH_AT": "\(point.rawValue)#\(passage)@\(marker)"]
          var outcome = try await stream(run, service.url, options, environment: environment)
          let hasCrashed = FileManager.default.fileExists(atPath: marker)
          if hasCrashed {
            #expect(outcome.status != 0)
            outcome = try await stream(run, service.url, options)
          }
          #expect(outcome.status == 0, "\(point) at passage \(passage): \(outcome.errors)")
          #expect(try streamPredictions(of: run.folder) == reference, "\(point) at passage \(passage)")
          if !hasCrashed { break }
          passage += 1
        }
        #expect(passage > 1, "\(point) is never passed")
      }
      try await service.stop()
    }
  }

  private static func forgetScores(of folder: String) throws {
    try StoreEdit.run(
      "DELETE FROM stream_scores; DELETE FROM stream_progress;", on: "\(folder)/sonde.sqlite")
  }

  @Test func aServiceThatIsFullIsAskedAgainUntilItAnswers() async throws {
    try await ScoringRun.trained { run in
      try await withServer { request in
        request.number < 6
          ? .bytes(
            ScriptedServer.answer(
              "{}", status: "503 Service Unavailable", headers: request.number == 0 ? ["Retry-After: 1"] : [])
          )
          : request.number == 6 ? .lastBytes([]) : .bytes(StreamReply.answer(to: request))
      } _: { url in
        let began = ContinuousClock.now
        let outcome = try await stream(run, url, ["--fatal-codes", "2020"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        // It waits as long as the service asks for, and longer each time.
        #expect(ContinuousClock.now - began > .seconds(1))
        #expect(outcome.errors.contains("the service answered 503"))
        #expect(outcome.errors.contains("the service answers again"))
      }
      #expect(try streamPredictions(of: run.folder).count == Self.all)
      #expect(try storedNumber("SELECT retries FROM stream_progress", in: run.folder) == 7)
      #expect(try storedNumber("SELECT failed_function_requests FROM stream_progress", in: run.folder) == 7)
      #expect(
        try storedNumber(
          "SELECT count(*) FROM (SELECT 1 FROM stream_predictions GROUP BY device, sensor, window_start_ms, revision HAVING count(*) > 1)",
          in: run.folder) == 0)
    }
  }

  @Test(arguments: [("2020", 400, true), ("2020", 500, true), ("2022", 400, true), ("2022", 409, true)])
  func aFatalAnswerEndsItWithTheReason(codes: String, status: Int, isFatal: Bool) async throws {
    try await ScoringRun.trained { run in
      try await withServer { request in
        request.number == 0
          ? .bytes(StreamReply.answer(to: request))
          : .bytes(ScriptedServer.answer(#"{"error":"row 3 is odd"}"#, status: "\(status) No"))
      } _: { url in
        let outcome = try await stream(run, url, ["--fatal-codes", codes, "--max-batch-count", "100"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("the service answered \(status)"), "\(outcome.errors)")
        #expect(outcome.errors.contains("row 3 is odd"), "\(outcome.errors)")
      }
      // What was scored before stays, and nothing else is there.
      #expect(try streamPredictions(of: run.folder).count == 100)
      #expect(
        try storedNumber(
          "SELECT count(*) FROM stream_progress WHERE failure LIKE '%\(status)%'", in: run.folder) == 1)
    }
  }

  @Test func by2022AFaultOfTheServerIsWaitedOut() async throws {
    try await ScoringRun.trained { run in
      try await withServer { request in
        request.number < 3
          ? .bytes(ScriptedServer.answer("{}", status: "\([500, 429, 504][request.number]) No"))
          : .bytes(StreamReply.answer(to: request))
      } _: { url in
        let outcome = try await stream(run, url)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      #expect(try streamPredictions(of: run.folder).count == Self.all)
    }
  }

  /// Answers that are wrong must not become scores.
  @Test(arguments: ["id", "count", "nan", "text"])
  func aWrongAnswerIsNoScore(wrong: String) async throws {
    try await ScoringRun.trained { run in
      try await withServer { request in
        switch wrong {
        case "nan": return .bytes(StreamReply.answer(to: request, score: .nan))
        case "text": return .bytes(ScriptedServer.answer("well"))
        case "count":
          let text = String(decoding: StreamReply.answer(to: request), as: Unicode.ASCII.self)
          return .bytes(Array(text.replacingOccurrences(of: "\"shape\":[864]", with: "\"shape\":[863]").utf8))
        default:
          var other = request
          other.headers["x-request-id"] = "another"
          return .bytes(StreamReply.answer(to: other))
        }
      } _: { url in
        let outcome = try await stream(run, url)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("the service answered 200, and"), "\(outcome.errors)")
      }
      #expect(try streamPredictions(of: run.folder).isEmpty)
    }
  }

  @Test func whatCannotBeIsSaid() async throws {
    try await ScoringRun.trained { run in
      for (arguments, reason) in [
        (["stream", run.folder], "--service"),
        (["stream", run.folder, "--service", "http://127.0.0.1:1/score"], "URL of a model"),
        (
          [
            "stream", run.folder, "--service", "http://127.0.0.1:1/v2/models/m/infer", "--max-batch-count",
            "0",
          ], "1 to"
        ),
        (["stream", "\(run.folder)/none", "--service", "http://127.0.0.1:1/v2/models/m/infer"], "no"),
        (
          ["stream", run.folder, "--service", "http://127.0.0.1:1/v2/models/m/infer", "--from", "noon"],
          "noon"
        ),
      ] {
        let outcome = try await SondeProgram.run(arguments)
        #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
      }
    }
  }
}
