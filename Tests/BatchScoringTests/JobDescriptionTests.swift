import BatchScoring
import Foundation
import Telemetry
import TestSupport
import Testing

@Suite struct JobDescriptionTests {
  /// An earlier version planned jobs without looking where windows begin, and such a job may still be resumed.
  @Test func aDescriptionWithoutFirstStartsIsRead() async throws {
    try await withTemporaryFolder { folder in
      var job = JobDescription(
        job: "j", store: "s", models: "m", layout: ModelLayout(), visibleAfter: Timestamp(milliseconds: 0),
        visibleThrough: nil, tasks: [[DeviceID("a")!]], firstStarts: [Timestamp(milliseconds: 5)])
      try job.write(to: "\(folder)/new.json")
      #expect(try JobDescription(path: "\(folder)/new.json") == job)
      job.firstStarts = nil
      try job.write(to: "\(folder)/old.json")
      #expect(try !String(contentsOfFile: "\(folder)/old.json", encoding: .utf8).contains("first_starts"))
      #expect(try JobDescription(path: "\(folder)/old.json") == job)
    }
  }
}
