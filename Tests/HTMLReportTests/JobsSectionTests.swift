import BatchScoring
import Files
import GRDB
import HTMLReport
import Pages
import TestSupport
import Testing

@Suite struct JobsSectionTests {
  private let report = "{\"scoring\":{\"jobs\":2,\"tasks\":3,\"retries\":1,\"predictions\":40}}"

  /// A file as batch scoring makes it, with what `sql` adds. Times are milliseconds since 1970.
  private func write(_ files: RunFiles, _ sql: String) throws {
    // In a scope of its own: there is one coordinator at a time.
    do { _ = try JobStore(path: files.folder.jobs) }
    try DatabaseQueue(path: files.folder.jobs).write { try $0.execute(sql: sql) }
  }

  private func job(
    _ id: String, _ state: String, queued: Int, started: Int, ended: Int, reason: String = "NULL"
  ) -> String {
    """
    INSERT INTO jobs (id, deployment, after_ms, through_ms, state, tasks, retries, predictions, reason, queued_ms, started_ms,
      ended_ms) VALUES ('\(id.replacing("'", with: "''"))', 'default', 0, 1, '\(state)', 1, 0, 20, \(reason), \(queued),
      \(started), \(ended));

    """
  }

  private var sample: String {
    job("first", "completed", queued: 1000, started: 1100, ended: 3100)
      + job("second", "completed", queued: 9000, started: 9100, ended: 9400)
        + """
        INSERT INTO tasks (job, task, devices, state, attempts, worker, node, rows, duration_ms, started_ms) VALUES
          ('first', 0, 5, 'completed', 1, 1, 1, 10, 900, 1200), ('first', 1, 5, 'completed', 2, 2, 2, 10, 800, 2000),
          ('second', 0, 5, 'completed', 1, 1, 1, 20, 200, 9150);
        INSERT INTO failed_attempts (job, task, attempt, worker, node, duration_ms, reason, started_ms) VALUES
          ('first', 1, 1, 2, 2, 600, 'the script ended with 1', 1200);
        INSERT INTO node_states (target, node, state, at_ms) VALUES ('local', 1, 'running', 1150), ('local', 2, 'running', 1150),
          ('local', 1, 'idle', 3100), ('local', 2, 'preempted', 3000), ('local', 2, NULL, 3050);

        """
  }

  private func failed(_ section: PageSection) -> Int {
    section.figures[0].svg.components(separatedBy: "class=\"task-failed\"").count - 1
  }

  @Test func aFailedAttemptIsDrawnAndListed() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try write(files, sample)
      let run = try files.run()
      let section = try #require(try JobsSection.section(run))
      #expect(section.finding == "2 jobs, all completed, 1 retry; the slowest took 2 s")
      #expect(
        section.notes == ["The slowest job was first.", "The longest that a job was queued was 100 ms."])
      #expect(failed(section) == 1 && section.figures[0].svg.contains("class=\"node-preempted\""))
      let failures = try #require(section.table("jobs-failures"))
      #expect(failures.rows.count == 1 && failures.rows[0].last?.text == "the script ended with 1")
      try section.checkFigures(run)
      #expect(section.named.contains("scoring.retries"))
      #expect(try JobsSection.section(run) == section)
    }
  }

  /// As if the attempt had succeeded: nothing failed is drawn any longer.
  @Test func anAttemptThatSucceededIsNotDrawnAsFailed() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try write(files, sample + "DELETE FROM failed_attempts; UPDATE tasks SET attempts = 1;")
      let section = try #require(try JobsSection.section(try files.run()))
      #expect(failed(section) == 0 && section.table("jobs-failures") == nil)
    }
  }

  @Test func manyJobsAreBoundedAndTheFailedOnesComeFirst() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: "{\"scoring\":{\"jobs\":90,\"retries\":0}}")
      let all = (1...90).map { number in
        job(
          "job-\(number)", number == 41 ? "failed" : "completed", queued: number * 10_000,
          started: number * 10_000 + 5,
          ended: number * 10_000 + 500 + number, reason: number == 41 ? "'the models are gone'" : "NULL")
      }
      try write(files, all.joined())
      let section = try #require(try JobsSection.section(try files.run()))
      #expect(section.finding == "90 jobs, 1 failed, no retry; the slowest took 585 ms")
      let table = try #require(section.table("jobs-list"))
      #expect(table.rows.count == 40 && table.total == 90)
      #expect(table.rows[0][0].text == "job-41" && table.rows[1][0].text == "job-90")
      let svg = section.figures[0].svg
      #expect(svg.contains("12 of 90 jobs are shown") && svg.contains(">job-41<") && !svg.contains(">job-2<"))
    }
  }

  @Test func manyTasksAreBoundedAndTheFailedOnesStay() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      let tasks = (0..<5000).map {
        "('one', \($0), 1, 'completed', 1, 1, 1, 1, \($0 % 7 + 1), \(1000 + $0))"
      }
      try write(
        files,
        job("one", "completed", queued: 900, started: 1000, ended: 7000)
          + "INSERT INTO tasks (job, task, devices, state, attempts, worker, node, rows, duration_ms, started_ms) VALUES "
          + tasks.joined(separator: ",") + ";"
          + "INSERT INTO failed_attempts (job, task, attempt, worker, node, duration_ms, reason, started_ms) VALUES "
          + "('one', 3, 1, 1, 1, 0.01, 'gone', 1000);")
      let section = try #require(try JobsSection.section(try files.run()))
      #expect(failed(section) == 1)
      #expect(section.figures[0].svg.contains("1500 of 5001 attempts at tasks are shown"))
      #expect(section.figures[0].svg.utf8.count < 600_000)
      #expect(section.table("jobs-tasks")?.rows.count == 20)
    }
  }

  @Test func aNameIsNothingButText() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      let name = RunFiles.hostile
      try write(
        files,
        job(name, "failed", queued: 1, started: 2, ended: 900, reason: "'</svg><b>&'")
          + job("far", "completed", queued: 5, started: Int(Int64.max), ended: Int(Int64.min)))
      let section = try #require(try JobsSection.section(try files.run()))
      #expect(!section.hasForeignMarkup && !section.figures[0].svg.contains("</svg><b>"))
      #expect(section.table("jobs-list")?.rows[0][0].text == name)
    }
  }

  @Test func jobsThatCameAfterTheRunAreLeftOut() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      try files.writeAccount()
      try write(
        files, sample + job("by hand", "completed", queued: 9_000_000, started: 9_000_001, ended: 9_000_002))
      let section = try #require(try JobsSection.section(try files.run()))
      #expect(section.table("jobs-list")?.total == 2)
      #expect(section.figures[0].svg.contains("1 job that was queued after the run is left out."))
    }
  }

  @Test func whatIsNoDatabaseIsSaid() async throws {
    try await withTemporaryFolder { path in
      let files = try RunFiles(path, report: report)
      #expect(try JobsSection.section(try files.run()) == nil)
      try files.write(String(repeating: "no database ", count: 1000), to: files.folder.jobs)
      let run = try files.run()
      let error = try #require(throws: FileError.self) { try JobsSection.section(run) }
      #expect(error.path == files.folder.jobs)
    }
  }
}
