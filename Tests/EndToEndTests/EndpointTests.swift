import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Endpoint files, wall-clock schedules, scaling and monitoring with the built program.
@Suite(.timeLimit(.minutes(30))) struct EndpointTests {
  @Test func theDefaultIsSwitchedWhileAScheduleRunsAndBack() async throws {
    try await ScoringRun.with { run in
      // Models of two kinds: the run's own, and another folder's.
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T06:00:00Z",
      ])
      try FileManager.default.moveItem(atPath: "\(run.folder)/models", toPath: "\(run.folder)/models-2")
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z",
      ])
      let file = "\(run.folder)/endpoint.yaml"
      try """
      name: pumps
      default_deployment: blue
      compute: { local: { max_instances: 2 } }
      deployments:
        blue: { mini_batch_size: 2 }

      """.write(toFile: file, atomically: true, encoding: .utf8)
      // In one line its settings may be; the deployments themselves are a block, so one can be added.
      _ = try await run.sonde(["endpoints", "add", file, "green", "--set", "models=models-2"])
      #expect(try await run.sonde(["endpoints", "list", file]).contains("green"))

      let score = ["score", run.folder, "--endpoint", file, "--through"]
      _ = try await run.sonde(score + ["2026-01-01T14:00:00Z", "--after", "2026-01-01T12:00:00Z"])
      _ = try await run.sonde(["endpoints", "set-default", file, "green"])
      _ = try await run.sonde(score + ["2026-01-01T16:00:00Z"])
      _ = try await run.sonde(["endpoints", "set-default", file, "blue"])
      _ = try await run.sonde(score + ["2026-01-01T18:00:00Z", "--set", "error_threshold=5"])
      // A schedule takes the default anew for each job.
      _ = try await run.sonde(["endpoints", "set-default", file, "green"])
      let service = try await run.start([
        "schedule", run.folder, "--endpoint", file, "--every", "1h", "--from", "2026-01-01T12:00:00Z",
        "--until-stdin-closes", "--format", "json",
      ])
      service.closeInput()
      for await _ in service.lines {}
      #expect(try await service.exit() == .exited(code: 0))

      let scored = try run.scored()
      #expect(scored.count == 6 * 144 && Set(scored).count == scored.count, "each window once")
      let jobs = try await run.sonde(["jobs", "list", run.folder, "--format", "json"])
      struct Job: Decodable {
        struct Cut: Decodable { var id: String }
        var cut: Cut
        var deployment: String
        var endpoint: String?
        var nodeSeconds: Double?
      }
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let records = try decoder.decode([Job].self, from: Data(jobs.utf8))
      #expect(records.prefix(3).map(\.deployment) == ["blue", "green", "blue"])
      #expect(records.dropFirst(3).allSatisfy { $0.deployment == "green" } && records.count > 8)
      #expect(records.allSatisfy { $0.endpoint == "pumps" && $0.nodeSeconds != nil })
      // Each used its own models.
      func versions(_ job: String) throws -> Set<Substring> {
        let text = try TextFile.text(of: "\(run.folder)/predictions/\(job)/predictions.csv")
        return Set(text.split(separator: "\n").dropFirst().map { $0.split(separator: ",")[6] })
      }
      let blue = try versions(records[0].cut.id)
      let green = try versions(records[1].cut.id)
      #expect(blue.count == 6 && green.count == 6 && blue.isDisjoint(with: green))
      #expect(try versions(records[2].cut.id) == blue && versions(records[5].cut.id) == green)
      let nodes = try await run.sonde(["compute", "show", run.folder, "--states"])
      #expect(nodes.contains("gone") && nodes.contains("node-seconds") && nodes.contains("provisioning"))
    }
  }

  @Test func aFaultOfAnEndpointFileIsToldWithItsPlace() async throws {
    try await withTemporaryFolder { folder in
      try "name: e\ndeployments:\n  a:\n    mini_batch_sise: 3\n".write(
        toFile: "\(folder)/e.yaml", atomically: true, encoding: .utf8)
      for arguments in [
        ["endpoints", "list", "\(folder)/e.yaml"], ["score", folder, "--endpoint", "\(folder)/e.yaml"],
      ] {
        let outcome = try await SondeProgram.run(arguments)
        #expect(outcome.status == 64)
        #expect(
          outcome.errors.contains(
            "e.yaml:4:5: unknown key “mini_batch_sise”; did you mean “mini_batch_size”?"))
      }
    }
  }

  /// Killed at random and started again with each policy: each window once.
  @Test(arguments: [["forbid", "last"], ["allow", "all"], ["replace", "none"]])
  func aWallClockScheduleScoresEachWindowOnce(policies: [String]) async throws {
    try await ScoringRun.with(watermark: .seconds(12.5 * 3600)) { run in
      let arguments = run.arguments([
        "--clock", "wall", "--every", "1s", "--concurrency-policy", policies[0], "--catchup", policies[1],
        "--mini-batch-size", "1",
      ])
      for killedAt in ["job_started", "job_completed"] {
        let service = try await run.start(arguments)
        for await line in service.lines where line.contains(killedAt) { service.send(signal: SIGKILL) }
        #expect(try await service.exit() == .killed(signal: SIGKILL))
        try run.store(watermark: .seconds(15 * 3600))
      }
      let service = try await run.start(arguments)
      try await waitUntil("three hours are scored") { try run.scored().count >= 6 * 36 }
      try run.store(watermark: .seconds(24 * 3600))
      try await waitUntil("every window is scored") { try run.scored().count >= 6 * 144 }
      #expect(try await service.stop() == .exited(code: 0))
      let scored = try run.scored()
      #expect(scored.count == 6 * 144 && Set(scored).count == scored.count)
      #expect(try await run.sonde(["jobs", "list", run.folder]).contains("completed"))
    }
  }

  @Test func metricsAndViewsOfARun() async throws {
    try await ScoringRun.with { run in
      let metrics = "\(run.folder)/sonde.prom"
      #expect(
        try await run.schedule(["--cron", "0 */6 * * *", "--max-instances", "2", "--metrics", metrics])
          == .exited(code: 0))
      let text = try TextFile.text(of: metrics)
      let name = URL(fileURLWithPath: run.folder).resolvingSymlinksInPath().path
      #expect(text.contains("sonde_scoring_jobs_total{run=\"\(name)\",state=\"completed\"} 2\n"))
      #expect(text.contains("sonde_scoring_rows_total{outcome=\"scored\",run=\"\(name)\"} 864\n"))
      #expect(
        text.contains("sonde_compute_nodes{run=\"\(name)\",state=\"running\"} 0\n"),
        "they have gone with the schedule")
      let temporary = try FileManager.default.contentsOfDirectory(atPath: run.folder).filter {
        $0.hasSuffix(".tmp")
      }
      #expect(temporary.isEmpty)
      let view = try await run.sonde(["jobs", "watch", run.folder])
      #expect(view.hasPrefix("job closing: completed") && view.split(separator: "\n").count == 1)
      let json = try await run.sonde(["jobs", "watch", run.folder, "--format", "json"])
      let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      #expect(object["state"] as? String == "completed" && object["rows_per_second"] != nil)
    }
  }

  /// Of one job alone, by the names that an endpoint file has for it.
  @Test func theComputeTargetIsChangedLikeAnyOtherSetting() async throws {
    try await ScoringRun.with { run in
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z",
      ])
      let score = ["score", run.folder, "--after", "2026-01-01T12:00:00Z", "--mini-batch-size", "1"]
      for (override, said) in [
        ("compute=cloud", "expected local or slurm"), ("compute.local.node=2", "expected “nodes”"),
        ("compute.nodes=two", "expected a whole number"),
        ("compute.local.scale.nodes=2", "expected one setting"),
        ("compute.idle_time_before_scale_down=soon", "expected a duration"),
        ("compute.nodes=0", "0 nodes"),
      ] {
        let outcome = try await SondeProgram.run(score + ["--set", override])
        #expect(outcome.status == 64 && outcome.errors.contains(said), "\(override): \(outcome.errors)")
      }
      _ = try await run.sonde(score + ["--set", "compute.local.nodes=3", "--set", "error_threshold=0"])
      #expect(try await run.sonde(["compute", "show", run.folder]).contains("at most 3 nodes at a time"))
    }
  }
}
