import Files
import Foundation
import HTTP
import Service
import Supervision
import TestSupport
import Testing

/// The REST face without a socket: jobs on CSV files, from their start to their outputs.
@Suite(.timeLimit(.minutes(30))) struct BatchServiceTests {
  private func withFixture(
    _ process: BatchFixture.Process = .runs, jobsAtATime: Int = 4,
    _ body: (BatchFixture, _ folder: String) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      _ = try BatchFixture.prepare(in: folder)
      try await body(try BatchFixture(in: folder, process, jobsAtATime: jobsAtATime), folder)
    }
  }

  @Test func aJobIsStartedFollowedAndItsFilesAreFetched() async throws {
    try await withFixture { fixture, _ in
      let created = await fixture.start()
      #expect(created.status == .created, "\(created.text)")
      let name = created.job.name
      #expect(name.hasPrefix("batchjob-"))
      #expect(created.json["id"] as? String == "\(BatchFixture.jobs)/\(name)")
      #expect(created.headers["Location"] == "\(BatchFixture.jobs)/\(name)")
      let ended = try await fixture.end(of: name)
      #expect(ended.job.status == "Completed", "\(ended.text)")
      #expect(ended.job.own["predictions"] == "10" && ended.job.own["failed_rows"] == "2")
      let outputs = "\(BatchFixture.jobs)/\(name)/outputs"
      let predictions = try #require(await fixture.ask(.get, "\(outputs)/predictions.csv").fileText)
      let lines = predictions.split(separator: "\n").map(String.init)
      #expect(lines.count == 11 && lines[0].hasPrefix("device,sensor,window_start"))
      // Sorted over both files.
      #expect(Array(lines.dropFirst()) == lines.dropFirst().sorted())
      #expect(lines[1].contains("2026-01-01T00:00:00.000Z") && lines[10].contains("2026-01-02T04:00:00.000Z"))
      let success = try #require(await fixture.ask(.get, "\(outputs)/_SUCCESS").fileText)
      #expect(success.contains("\"rows\":10") && success.contains(Digest.sha256(text: predictions)))
      let failed = try #require(await fixture.ask(.get, "\(outputs)/failed.csv").fileText)
      #expect(failed.contains("a.csv: line 7:") && failed.contains("b.csv: line 7:"))
      for file in ["job.json", "progress.json", "lock", "..", "tasks", "predictions.csv.1.tmp", "a%2Fb"] {
        let answer = await fixture.ask(.get, "\(outputs)/\(file)")
        #expect(answer.status == .notFound && answer.error != nil, "\(file) \(answer.status)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(fixture.root)/csv").sorted() == [
          "a.csv", "b.csv",
        ])
    }
  }

  @Test func theSameCallTwiceMakesOneJob() async throws {
    try await withFixture { fixture, _ in
      let first = await fixture.start(key: "8f2b")
      #expect(first.status == .created && first.headers["Repeatability-Result"] == "accepted")
      for header in [
        "repeatability-request-id", "repeatability_request-id", "repeatability_request_id",
        "Repeatability-Request-ID",
      ] {
        let again = await fixture.start(key: "8f2b", header: header)
        #expect(again.status == .created && again.job.name == first.job.name, "\(header)")
        #expect(again.headers["Repeatability-Result"] == "accepted")
      }
      _ = try await fixture.end(of: first.job.name)
      #expect(await fixture.start(key: "8f2b").job.status == "Completed")
      let other = await fixture.start(BatchFixture.body("run/others"), key: "8f2b")
      #expect(other.status == .badRequest && other.headers["Repeatability-Result"] == "rejected")
      #expect(other.error?.code == "UserError" && other.error?.message.contains("another request") == true)
      for key in ["", " ", "a b", String(repeating: "a", count: 129), "é"] {
        let answer = await fixture.start(key: key)
        #expect(
          answer.status == .badRequest && answer.headers["Repeatability-Result"] == "rejected", "\(key)")
      }
      #expect(await fixture.ask(.get, BatchFixture.jobs).jobs.count == 1 && fixture.begun.value == 1)
      let without = await fixture.start()
      #expect(without.status == .created && without.job.name != first.job.name)
      #expect(await fixture.ask(.get, BatchFixture.jobs).jobs.count == 2)
    }
  }

  /// Many at once, as a client sends them that gets no answer.
  @Test func oneKeyMakesOneJobHoweverManyAskAtOnce() async throws {
    try await withFixture(.dies) { fixture, _ in
      let names = await withTaskGroup(of: String.self) { group in
        for _ in 0..<40 { group.addTask { await fixture.start(key: "k").job.name } }
        return await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(names.count == 1 && !names.contains(""))
    }
  }

  @Test func aJobIsCanceledOnce() async throws {
    let gate = StopFlag()
    try await withFixture(.waits(gate), jobsAtATime: 1) { fixture, _ in
      let running = await fixture.start().job.name
      let waiting = await fixture.start().job.name
      #expect(fixture.begun.value == 1)
      let canceled = await fixture.ask(.post, "\(BatchFixture.jobs)/\(waiting)/cancel")
      #expect(canceled.status == .ok && canceled.job.status == "Canceled", "\(canceled.text)")
      #expect(await fixture.ask(.post, "\(BatchFixture.jobs)/\(waiting)/cancel").job.status == "Canceled")
      let asked = await fixture.ask(.post, "\(BatchFixture.jobs)/\(running)/cancel")
      #expect(asked.status == .ok && asked.job.status == "CancelRequested", "\(asked.text)")
      gate.set()
      let stopped = try await fixture.end(of: running)
      #expect(stopped.job.status == "Canceled", "\(stopped.text)")
      let third = await fixture.start().job.name
      let done = try await fixture.end(of: third)
      #expect(done.job.status == "Completed", "\(done.text)")
      let late = await fixture.ask(.post, "\(BatchFixture.jobs)/\(third)/cancel")
      #expect(late.status == .conflict && late.error?.code == "Conflict")
    }
  }

  /// Nothing is left of the first server but its folder.
  @Test func theNextServerTakesJobsUp() async throws {
    try await withFixture(.dies) { first, folder in
      let name = await first.start(key: "once").job.name
      #expect(await first.ask(.get, "\(BatchFixture.jobs)/\(name)").job.status != "Completed")
      let next = try BatchFixture(in: folder)
      #expect(next.service.unfinishedJobs == 1)
      #expect(await next.start(key: "once").job.name == name)
      #expect(try await next.end(of: name).job.status == "Completed")
      #expect(await next.ask(.get, BatchFixture.jobs).jobs.map(\.name) == [name])
      // A third one finds it as it ended.
      let third = try BatchFixture(in: folder)
      #expect(third.service.unfinishedJobs == 0)
      #expect(await third.ask(.get, "\(BatchFixture.jobs)/\(name)").job.status == "Completed")
    }
  }

  @Test func aJobWhoseProcessesDieIsGivenUp() async throws {
    try await withFixture(.dies) { fixture, _ in
      let name = await fixture.start().job.name
      let ended = try await fixture.end(of: name)
      #expect(ended.job.status == "Failed" && fixture.begun.value == 5)
      #expect(ended.error?.message.contains("5 times") == true, "\(ended.text)")
    }
  }

  /// What a server has left that was killed between making a job's folder and its answer.
  @Test func halfAJobIsNone() async throws {
    try await withFixture { fixture, folder in
      let half = "\(fixture.state)/jobs/batchjob-half"
      try Folder.make(half)
      try AtomicFile.write("{", to: "\(half)/job.json.1.tmp")
      let broken = "\(fixture.state)/jobs/batchjob-broken"
      try Folder.make(broken)
      try AtomicFile.write("{", to: "\(broken)/job.json")
      let next = try BatchFixture(in: folder)
      #expect(await next.ask(.get, BatchFixture.jobs).jobs.isEmpty)
      #expect(!Folder.exists(half) && Folder.exists(broken))
    }
  }

  @Test func aFolderThatIsExchangedMeanwhileIsNotRead() async throws {
    let gate = StopFlag()
    try await withFixture(.waits(gate)) { fixture, folder in
      let name = await fixture.start().job.name
      try Folder.make("\(folder)/secret")
      try FileManager.default.moveItem(atPath: "\(fixture.root)/csv", toPath: "\(folder)/secret/csv")
      #expect(symlink("\(folder)/secret/csv", "\(fixture.root)/csv") == 0)
      gate.set()
      let ended = try await fixture.end(of: name)
      #expect(ended.job.status == "Failed" && ended.error?.message.contains("link") == true, "\(ended.text)")
    }
  }
}
