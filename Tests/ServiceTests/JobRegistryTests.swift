import BatchScoring
import Compute
import Foundation
import Service
import Telemetry
import Testing

/// Which request made which job, and whose turn it is: no file, no process, no clock.
@Suite struct JobRegistryTests {
  private func entry(
    _ number: Int, folder: String = "", endpoint: String = "pumps", key: String? = nil, client: String? = nil,
    digest: String = "digest", state: JobState = .queued
  ) throws -> JobEntry {
    let body = #"{"properties":{"inputData":{"a":{"uri":"run"}}}}"#
    var entry = JobEntry(
      job: BatchJob(
        name: "job-\(number)", endpoint: endpoint, deployment: Deployment(name: "blue"),
        compute: ComputeSettings(), request: try JobRequest(body: Array(body.utf8)),
        input: .run(folder: folder.isEmpty ? "/\(number)" : folder), client: client, key: key, digest: digest,
        createdAt: Timestamp(milliseconds: Int64(number))))
    entry.progress.state = state
    return entry
  }

  @Test func aKeyMakesOneJob() throws {
    var registry = JobRegistry()
    registry.add(try entry(1, key: "k", client: "a", digest: "x"))
    func repetition(
      _ key: String, _ endpoint: String = "pumps", _ client: String? = "a", _ digest: String = "x"
    )
      -> JobRegistry.Repetition
    { registry.repetition(of: key, endpoint: endpoint, client: client, digest: digest) }
    #expect(repetition("k") == .isSame("job-1"))
    #expect(repetition("k", "pumps", "a", "y") == .isOther)
    #expect(repetition("K") == .isNew && repetition("k", "other") == .isNew)
    #expect(repetition("k", "pumps", "b") == .isNew && repetition("k", "pumps", nil) == .isNew)
    registry.remove("job-1")
    #expect(repetition("k") == .isNew)
  }

  @Test func oneJobAFolderAndSoManyInAll() throws {
    var registry = JobRegistry(jobsAtATime: 2)
    registry.add(try entry(1, folder: "/a"))
    registry.add(try entry(2, folder: "/a"))
    registry.add(try entry(3, folder: "/b"))
    registry.add(try entry(4, folder: "/c"))
    #expect(registry.due == ["job-1", "job-3"])
    registry.update("job-1") { $0.isAlive = true }
    #expect(registry.due == ["job-3"])
    registry.update("job-3") { $0.isAlive = true }
    #expect(registry.due == [])
    registry.update("job-1") {
      $0.isAlive = false
      $0.progress.state = .completed
    }
    #expect(registry.due == ["job-2"])
    // Its process has died: it is begun again, in its turn.
    registry.update("job-3") {
      $0.isAlive = false
      $0.progress.state = .running
    }
    #expect(registry.due == ["job-2", "job-3"])
    #expect(registry.unfinished == ["job-2", "job-3", "job-4"])
  }

  @Test func aJobWhoseProcessesDieIsGivenUp() throws {
    var registry = JobRegistry()
    registry.add(try entry(1))
    registry.update("job-1") { $0.progress.starts = 4 }
    #expect(registry.due == ["job-1"] && registry.spent == [])
    registry.update("job-1") {
      $0.progress.starts = 5
      $0.isAlive = true
    }
    #expect(registry.spent == [])
    registry.update("job-1") { $0.isAlive = false }
    #expect(registry.due == [] && registry.spent == ["job-1"])
  }

  @Test func pagesFollowEachOther() throws {
    var registry = JobRegistry()
    for number in 1...7 { registry.add(try entry(number, endpoint: number == 4 ? "other" : "pumps")) }
    func names(after: String?, deployment: String? = nil) -> ([String], String?) {
      let page = registry.page(of: "pumps", deployment: deployment, after: after, limit: 3)
      return (page.jobs.map(\.job.name), page.last)
    }
    #expect(names(after: nil) == (["job-7", "job-6", "job-5"], "job-5"))
    #expect(names(after: "job-5") == (["job-3", "job-2", "job-1"], nil))
    #expect(names(after: "job-99") == ([], nil))
    #expect(names(after: nil, deployment: "green") == ([], nil))
  }

  @Test func theOldestThatHaveEndedAreForgotten() throws {
    var registry = JobRegistry()
    for number in 1...5 { registry.add(try entry(number, state: number == 1 ? .running : .completed)) }
    #expect(registry.superfluous(keeping: 5) == [])
    #expect(registry.superfluous(keeping: 3) == ["job-2", "job-3"])
    #expect(registry.superfluous(keeping: 0) == ["job-2", "job-3", "job-4", "job-5"])
  }

  @Test func statesAreAzures() throws {
    var entry = try entry(1)
    var seen: [String] = [entry.status]
    entry.isAlive = true
    for state in JobState.allCases {
      entry.progress.state = state
      seen.append(entry.status)
    }
    #expect(
      seen == [
        "Queued", "Queued", "Provisioning", "Running", "Finalizing", "Completed", "Failed", "Canceled",
      ])
    entry.progress.state = .running
    entry.isCancelAsked = true
    #expect(entry.status == "CancelRequested")
    entry.isCancelAsked = false
    entry.isAlive = false
    #expect(entry.status == "NotResponding" && entry.provisioningState == "InProgress")
  }
}
