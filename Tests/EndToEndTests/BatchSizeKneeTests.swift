import Files
import Foundation
import TestSupport
import Testing

/// The scenario `batch-size-knee`, with fewer and slower rows: what a busy machine adds to a request must be little beside what it waits.
@Suite(.serialized) struct BatchSizeKneeTests {
  /// Runs it for a model of which a request takes 300 ms, and a row `rowMs`. Gives the report's batch at the knee, and whether it was the
  /// wanted one.
  private func knee(rowMs: Double, expecting rows: Int, _ folder: String) async throws -> (
    rows: Int?, isExpected: Bool?
  ) {
    let examples = "\(SondeProgram.packageRoot)/Scenarios/endpoints"
    try Folder.make("\(folder)/paced")
    try AtomicFile.write(
      try TextFile.text(of: "\(examples)/paced/score.py"), to: "\(folder)/paced/score.py")
    try AtomicFile.write("{\"request_ms\": 300, \"row_ms\": \(rowMs)}", to: "\(folder)/paced/costs.json")
    let endpoint = try TextFile.text(of: "\(examples)/paced.yaml")
    let patient = endpoint.replacing("request_timeout_ms: 30000", with: "request_timeout_ms: 600000")
      .replacing("max_queue_wait_ms: 5000", with: "max_queue_wait_ms: 600000")
    #expect(patient != endpoint)
    try AtomicFile.write(patient, to: "\(folder)/paced.yaml")
    let changes = [
      "serving.endpoint=\(folder)/paced.yaml", "serving.load.rows=[1, 4, 16]", "serving.load.row_rate=4",
      "serving.load.timeout=10m", "expect=[serving.knee_batch == \(rows)]",
    ]
    let outcome = try await SondeProgram.run(
      ["run", "Scenarios/batch-size-knee.yaml", "--out", "\(folder)/run"] + changes.flatMap { ["--set", $0] })
    let report = try report(of: "\(folder)/run")
    let expectations = try #require(report["expectations"] as? [[String: Any]])
    #expect(expectations.count == 1)
    let isExpected = expectations.first?["passed"] as? Bool
    // 3 where this machine was too busy to send as planned.
    #expect(
      outcome.status == (isExpected == true ? 0 : 1) || outcome.status == 3,
      "\(outcome.output)\(outcome.errors)")
    let serving = try #require(report["serving"] as? [String: Any])
    #expect(serving["errors"] as? Int == 0 && serving["rejected"] as? Int == 0)
    return (serving["knee_batch"] as? Int, isExpected)
  }

  /// 9 · 300 / 340 are eight rows: 16 is the first batch above them, whether a request takes half as much or twice as much.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func theKneeIsFoundWhereTheCostsSay() async throws {
    try await withTemporaryFolder { folder in
      let knee = try await knee(rowMs: 340, expecting: 16, folder)
      #expect(knee.rows == 16 && knee.isExpected == true)
    }
  }

  /// A row of four times the cost has its knee at two rows, and the expectation of the other model does not hold.
  @Test(.timeLimit(.minutes(30)), .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func dearerRowsHaveAnotherKnee() async throws {
    try await withTemporaryFolder { folder in
      let knee = try await knee(rowMs: 1360, expecting: 16, folder)
      #expect(knee.rows == 4 && knee.isExpected == false)
    }
  }
}
