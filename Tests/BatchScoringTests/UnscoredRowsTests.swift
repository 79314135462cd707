import BatchScoring
import Files
import Modelling
import Telemetry
import TestSupport
import Testing

/// What is known of rows that could not be scored: how many are left, why, and when a scheduler tries to train again.
@Suite struct UnscoredRowsTests {
  private let hour = ScoringFixture.hour

  private func job(_ cut: JobCut, _ state: JobState, failedRows: Int) -> JobRecord {
    var job = JobRecord(cut: cut, deployment: "default", state: state, queuedAt: hour(0))
    job.failedRows = failedRows
    return job
  }

  @Test func whatWasScoredAgainIsNotLeft() {
    let first = JobCut(after: hour(12), fire: hour(13))
    let second = JobCut(after: hour(13), fire: hour(14))
    let again = JobCut(failedRowsOf: first)
    let thirdTime = JobCut(failedRowsOf: again)
    let jobs = [job(first, .completed, failedRows: 7), job(second, .failed, failedRows: 2)]
    #expect(UnscoredRows.count(in: []) == 0)
    #expect(UnscoredRows.count(in: jobs) == 9)
    #expect(UnscoredRows.count(in: jobs + [job(again, .completed, failedRows: 3)]) == 5)
    #expect(UnscoredRows.count(in: jobs + [job(again, .failed, failedRows: 7)]) == 9, "it has scored nothing")
    #expect(
      UnscoredRows.count(
        in: jobs + [job(again, .completed, failedRows: 3), job(thirdTime, .completed, failedRows: 0)]) == 2)
  }

  @Test func aScheduleTrainsAgainBeforeEachJobAndNotTwiceAtOnce() {
    let range = TrainingRange(from: hour(0), to: hour(12))
    var retraining = Retraining()
    #expect(retraining.due == nil, "nothing was to be trained yet")
    retraining.didTrain(range, isDone: false)
    #expect(retraining.due == nil, "it would end as it just has")
    retraining.timePasses()
    #expect(retraining.due == range)
    retraining.didTrain(range, isDone: true)
    retraining.timePasses()
    #expect(retraining.due == nil)
  }

  @Test func reasonsThatDifferInTheirModelAreOne() async throws {
    try await withTemporaryFolder { path in
      let files = RunFolder(path).job("j")
      try Folder.make(files.path)
      func row(_ device: String, _ sensor: String, _ reason: String) -> String {
        "\(device),\(sensor),2026-01-01T12:00:00.000Z,2026-01-01T12:05:00.000Z,1,\"\(reason)\"\n"
      }
      let rows =
        row("a", "t", "no model device_a_sensor_t.model; trained?")
        + row("a", "t", "no model device_a_sensor_t.model; trained?")
        + row("a", "u", "no model device_a_sensor_u.model; trained?") + row("b", "*", "no reading of t")
        + row("c", "*", "task 3 failed: crash") + row("d", "*", "task 4 failed: crash")
        + row("e", "*", "x1") + row("e", "*", "x2") + row("e", "*", "x3")
      try AtomicFile.write(
        "device,sensor,window_start,window_end,revision,reason\n" + rows, to: files.failed)
      let reasons = try FailedReasons(of: files, limit: 3)
      #expect(reasons.most.map(\.rows) == [3, 2, 1] && reasons.most.map(\.models) == [2, 2, 1])
      #expect(reasons.most[0].reason == "no model device_a_sensor_t.model; trained?")
      #expect(reasons.most[1].reason == "task 3 failed: crash")
      #expect(reasons.otherRows == 3)
      #expect(
        reasons.sentence
          == "The most frequent reason, of 3 rows of 2 models: no model device_a_sensor_t.model; trained?")
    }
  }
}
