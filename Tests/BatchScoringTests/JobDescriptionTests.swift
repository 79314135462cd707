import BatchScoring
import Files
import Foundation
import Modelling
import Telemetry
import TestSupport
import Testing

@Suite struct JobDescriptionTests {
  /// An earlier version planned jobs without looking where windows begin, and listed devices one by one; such a job may still
  /// be resumed.
  @Test func aDescriptionOfBeforeIsRead() async throws {
    try await withTemporaryFolder { folder in
      var job = JobDescription(
        job: "j", store: "s", models: "m", layout: ModelLayout(), visibleAfter: Timestamp(milliseconds: 0),
        visibleThrough: nil, tasks: [[DeviceID("a")!, DeviceID("b.1")!], [DeviceID("c")!]],
        firstStarts: [Timestamp(milliseconds: 5), Timestamp(milliseconds: 7)])
      try job.write(to: "\(folder)/new.json")
      #expect(try JobDescription(path: "\(folder)/new.json") == job)
      job.firstStarts = nil
      try job.write(to: "\(folder)/old.json")
      let text = try String(contentsOfFile: "\(folder)/old.json", encoding: .utf8)
      #expect(text.contains("\"a b.1\"") && !text.contains("first_starts"))
      try text.replacing("\"a b.1\"", with: "[\"a\", \"b.1\"]").replacing("\"c\"", with: "[\"c\"]")
        .write(toFile: "\(folder)/old.json", atomically: true, encoding: .utf8)
      #expect(try JobDescription(path: "\(folder)/old.json") == job)
      try text.replacing("a b.1", with: "a b/1")
        .write(toFile: "\(folder)/bad.json", atomically: true, encoding: .utf8)
      let error = #expect(throws: JSONFileError.self) { try JobDescription(path: "\(folder)/bad.json") }
      #expect("\(try #require(error))".contains("“b/1” is not a device id"))
    }
  }
}
