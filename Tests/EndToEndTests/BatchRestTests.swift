import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// `sonde serve --batch`, as a user runs it: jobs on runs, by real processes.
@Suite(.serialized, .timeLimit(.minutes(30))) struct BatchRestTests {
  private static let jobs = "/batchEndpoints/default/jobs"

  private func body(_ run: ScoringRun, after: Bool = true, more: String = "") -> String {
    let literal =
      #","after":{"JobInputType":"Literal","Value":"2026-01-01T12:00:00Z"}"#
    return
      #"{"properties":{"InputData":{"windows":{"JobInputType":"UriFolder","Uri":"\#(run.folder)"}\#(after ? literal : "")}\#(more)}}"#
  }

  private static let json = ["Content-Type": "application/json"]

  /// A server of `run`, whose socket and logs lie in a folder of its own.
  private func serve(
    _ run: ScoringRun, _ more: [String] = [], called name: String = "server",
    environment: [String: String] = [:]
  ) async throws -> RunningService {
    let folder = "\(run.folder)/\(name)"
    try Folder.make(folder)
    return try await RunningService(
      ["--batch", run.folder] + more, in: folder, environment: environment)
  }

  private func post(_ service: RunningService, _ body: String, key: String? = nil) throws
    -> RawClient.Response
  {
    var headers = Self.json
    headers["repeatability-request-id"] = key
    return try service.ask("POST", Self.jobs, body, headers: headers)
  }

  private func named(_ response: RawClient.Response) throws -> String {
    try #require(response.json["name"] as? String, "\(response.text)")
  }

  private func properties(_ service: RunningService, _ name: String) throws -> [String: Any] {
    try #require(try service.ask("GET", "\(Self.jobs)/\(name)").json["properties"] as? [String: Any])
  }

  private func end(_ service: RunningService, _ name: String) async throws -> [String: Any] {
    while true {
      let properties = try properties(service, name)
      if ["Completed", "Failed", "Canceled"].contains(properties["status"] as? String) { return properties }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  @Test func aJobScoresARunAsACommandDoes() async throws {
    try await ScoringRun.trained { run in
      let service = try await serve(run)
      let name = try named(try post(service, body(run)))
      let ended = try await end(service, name)
      #expect(ended["status"] as? String == "Completed", "\(ended)")
      let own = try #require(ended["properties"] as? [String: String])
      // Six devices; the last window of the day is not visible yet.
      #expect(own["predictions"] == "858" && own["failed_rows"] == "0", "\(own)")
      let job = try #require(own["job"])
      let outputs = "\(Self.jobs)/\(name)/outputs"
      let file = try service.ask("GET", "\(outputs)/predictions.csv")
      let scored = try TextFile.text(of: "\(run.folder)/predictions/\(job)/predictions.csv")
      #expect(file.status == 200 && file.text == scored && !scored.isEmpty)
      #expect(
        try service.ask("HEAD", "\(outputs)/predictions.csv").headers["content-length"]
          == "\(scored.utf8.count)")
      #expect(try service.ask("GET", "\(outputs)/failed.csv").status == 404)
      let logs = try service.ask("GET", "\(Self.jobs)/\(name)/logs").text
      #expect(logs.contains("858 windows scored") && logs.contains("task "), "\(logs)")
      // Commands see the same job, and it is scored once.
      #expect(try await run.sonde(["jobs", "list", run.folder]).contains(job))
      let again = try await end(service, try named(try post(service, body(run, after: false))))
      #expect(again["status"] as? String == "Failed")
      try await service.stop()
      #expect(service.log.contains { $0["job"] as? String == name && $0["status"] as? Int == 201 })
    }
  }

  /// The server is killed while a job waits for its folder: the job goes on, ends without any server, and the next one finds it.
  @Test func aJobOutlivesItsServer() async throws {
    try await ScoringRun.trained { run in
      var held: DatabaseLock? = try DatabaseLock(path: "\(run.folder)/jobs.sqlite")
      let service = try await serve(run)
      let name = try named(try post(service, body(run), key: "once"))
      let log = "\(run.folder)/batch/jobs/\(name)/log"
      try await waitUntil("the job waits for the folder") {
        ((try? TextFile.text(of: log)) ?? "").contains("waits")
      }
      kill(service.processID, SIGKILL)
      _ = try await service.exit()
      withExtendedLifetime(held) {}
      held = nil
      try await waitUntil("the job ends without a server") {
        ((try? TextFile.text(of: log)) ?? "").contains("the job is completed")
      }
      let next = try await serve(run, called: "next")
      let again = try post(next, body(run), key: "once")
      #expect(again.status == 201 && again.headers["repeatability-result"] == "accepted")
      #expect(try named(again) == name)
      let properties = try properties(next, name)
      #expect(properties["status"] as? String == "Completed", "\(properties)")
      #expect((properties["properties"] as? [String: String])?["starts"] == "1")
      #expect(try run.scored().count == 858)
      #expect((try next.ask("GET", Self.jobs).json["value"] as? [Any])?.count == 1)
      try await next.stop()
    }
  }

  /// Job and server are killed at a step of the job; the next server takes it up, and every window is scored once.
  @Test(arguments: ["job-queued", "job-planned", "tasks-done", "predictions-written", "job-completed"])
  func aKilledJobIsTakenUp(step: String) async throws {
    try await ScoringRun.trained { run in
      let marker = "\(run.folder)/crashed"
      let service = try await serve(run, environment: ["SONDE_CRASH_AT": "\(step)#1@\(marker)"])
      let name = try named(try post(service, body(run), key: "once"))
      try await waitUntil("the job is killed") { FileManager.default.fileExists(atPath: marker) }
      kill(service.processID, SIGKILL)
      _ = try await service.exit()
      let next = try await serve(run, called: "next")
      let ended = try await end(next, name)
      #expect(ended["status"] as? String == "Completed", "\(step) \(ended)")
      #expect((ended["properties"] as? [String: String])?["starts"] == "2", "\(ended)")
      #expect(try named(try post(next, body(run), key: "once")) == name)
      let scored = try run.scored()
      #expect(scored.count == 858 && Set(scored).count == 858, "\(step)")
      try await next.stop()
    }
  }

  /// The process of the job alone dies: the same server begins another one.
  @Test func aJobWhoseProcessDiesGoesOn() async throws {
    try await ScoringRun.trained { run in
      let service = try await serve(
        run, environment: ["SONDE_CRASH_AT": "job-running#1@\(run.folder)/crashed"])
      let name = try named(try post(service, body(run)))
      let ended = try await end(service, name)
      #expect(ended["status"] as? String == "Completed", "\(ended)")
      #expect((ended["properties"] as? [String: String])?["starts"] == "2", "\(ended)")
      try await service.stop()
    }
  }

  /// With an endpoint file, whose script takes ten minutes.
  @Test func aRunningJobIsCanceled() async throws {
    try await ScoringRun.trained { run in
      // A folder of its own: what changes beside a script is a change of the script.
      try Folder.make("\(run.folder)/code")
      try "import time\ndef init():\n    pass\ndef run(mini_batch):\n    time.sleep(600)\n    return []\n"
        .write(toFile: "\(run.folder)/code/score.py", atomically: true, encoding: .utf8)
      let endpoint = """
        name: slow
        deployments:
          sleeper:
            code_configuration: { code: code, scoring_script: score.py }
            retry_settings: { timeout: 1200s }
        """
      try endpoint.write(toFile: "\(run.folder)/slow.yaml", atomically: true, encoding: .utf8)
      let service = try await serve(run, ["--endpoint", "\(run.folder)/slow.yaml"])
      let jobs = "/batchEndpoints/slow/jobs"
      let name = try named(try service.ask("POST", jobs, body(run), headers: Self.json))
      func status() throws -> String? {
        (try service.ask("GET", "\(jobs)/\(name)").json["properties"] as? [String: Any])?["status"] as? String
      }
      while let found = try status(), found != "Running" {
        try #require(found != "Failed" && found != "Completed")
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(try service.ask("GET", "\(jobs)/\(name)/outputs/predictions.csv").status == 404)
      let asked = try service.ask("POST", "\(jobs)/\(name)/cancel")
      #expect(asked.status == 200, "\(asked.text)")
      while try status() == "CancelRequested" { try await Task.sleep(for: .milliseconds(50)) }
      #expect(try status() == "Canceled")
      #expect(try await run.sonde(["jobs", "list", run.folder]).contains("canceled"))
      try await service.stop()
      try await waitUntil("nothing of the job is left") {
        try Processes.naming(run.folder).isEmpty
      }
    }
  }

  @Test func twoServersDoNotShareTheirJobs() async throws {
    try await ScoringRun.trained { run in
      let service = try await serve(run)
      let other = try await SondeProgram.run(["serve", "--batch", run.folder, "--listen", "127.0.0.1:0"])
      #expect(other.status == 64 && other.errors.contains("--state"), "\(other.errors)")
      try await service.stop()
    }
  }

  @Test func whatCannotBeServedIsSaid() async throws {
    try await withTemporaryFolder { folder in
      for (arguments, words) in [
        (["--batch", "\(folder)/none"], "no such folder"),
        (["--batch", folder, "--models", folder], "--models"),
        (["--batch", folder, "--replicas", "2"], "one process"),
        (["--batch", folder, "--jobs", "0"], "--jobs is 0"),
        (["--batch", folder, "--open-health"], "without a key"),
        (["--batch", folder, "--threads", "2"], "--threads"),
        (["--batch", folder, "--listen", "0.0.0.0:0"], "--keys"),
        (["--models", folder, "--state", folder], "belong to --batch"),
        (["--batch", folder, "--settings", "\(folder)/none.yaml"], "none.yaml"),
      ] {
        let outcome = try await SondeProgram.run(["serve"] + arguments)
        #expect(outcome.status != 0 && outcome.errors.contains(words), "\(arguments) \(outcome.errors)")
      }
      try "inputs:\n  - { name: a, csv: ., colums: x }\n  - { name: b }\n".write(
        toFile: "\(folder)/settings.yaml", atomically: true, encoding: .utf8)
      let outcome = try await SondeProgram.run([
        "serve", "--batch", folder, "--settings", "\(folder)/settings.yaml",
      ])
      #expect(outcome.status == 64 && outcome.errors.contains("settings.yaml:2:"), "\(outcome.errors)")
      #expect(outcome.errors.contains("columns") && outcome.errors.contains("settings.yaml:3:"))
    }
  }
}
