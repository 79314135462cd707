import BatchScoring
import Modelling
import Telemetry
import Testing

@Suite struct JobSequenceTests {
  private let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
  private func hour(_ hours: Double) -> Timestamp { start + .seconds(hours * 3600) }

  /// What happens when the watermark moves through `watermarks` and then the stream ends.
  private func steps(_ sequence: JobSequence, watermarks: [Double]) -> [JobSequence.Step] {
    var sequence = sequence
    var steps: [JobSequence.Step] = []
    func drain(_ watermark: Timestamp?, _ ended: Bool) {
      for _ in 0..<1000 {
        let step = sequence.next(watermark: watermark, streamEnded: ended)
        switch step {
        case .wait: return
        case .train: sequence.didTrain()
        case .job(let cut): sequence.didRun(cut)
        case .finish:
          steps.append(step)
          return
        }
        steps.append(step)
      }
    }
    drain(nil, false)
    for watermark in watermarks { drain(hour(watermark), false) }
    drain(watermarks.last.map(hour), true)
    return steps
  }

  private func hourly(training: TrainingRange? = nil) throws -> JobSequence {
    JobSequence(schedule: try Schedule(cron: "0 * * * *"), from: hour(12), training: training)
  }

  @Test func cutsFollowEachOtherWithoutGap() throws {
    #expect(
      steps(try hourly(), watermarks: [3, 13.5, 13.9, 15]) == [
        .job(JobCut(after: hour(12), fire: hour(13))), .job(JobCut(after: hour(13), fire: hour(14))),
        .job(JobCut(after: hour(14), fire: hour(15))), .job(JobCut(closingAfter: hour(15))), .finish,
      ])
  }

  @Test func theStepsDoNotDependOnHowTheWatermarkMoves() throws {
    let training = TrainingRange(from: hour(0), to: hour(12))
    let expected = steps(try hourly(training: training), watermarks: [15.5])
    #expect(expected.first == .train(training))
    #expect(
      steps(try hourly(training: training), watermarks: [0, 1, 11, 12, 12.1, 13, 14, 15, 15.2, 15.5])
        == expected)
    #expect(steps(try hourly(training: training), watermarks: (0...310).map { Double($0) / 20 }) == expected)
  }

  @Test func trainsAtTheEndWhereTheWatermarkNeverGotThere() throws {
    let training = TrainingRange(from: hour(0), to: hour(12))
    #expect(
      steps(try hourly(training: training), watermarks: [11]) == [
        .train(training), .job(JobCut(closingAfter: hour(12))), .finish,
      ])
  }

  @Test func jobsThatFireBeforeTheTrainingRangeHasEndedComeFirst() throws {
    let training = TrainingRange(from: hour(0), to: hour(13.5))
    #expect(
      steps(try hourly(training: training), watermarks: [14]) == [
        .job(JobCut(after: hour(12), fire: hour(13))), .train(training),
        .job(JobCut(after: hour(13), fire: hour(14))), .job(JobCut(closingAfter: hour(14))), .finish,
      ])
  }

  @Test func goesOnAfterTheLastJobOfAnEarlierLife() throws {
    let schedule = try Schedule(cron: "0 * * * *")
    let last = JobCut(after: hour(12), fire: hour(13))
    let resumed = JobSequence(schedule: schedule, from: hour(12), last: (last, false))
    #expect(resumed.next(watermark: nil, streamEnded: false) == .job(last))
    let next = JobSequence(schedule: schedule, from: hour(12), last: (last, true))
    #expect(
      next.next(watermark: hour(14), streamEnded: false) == .job(JobCut(after: hour(13), fire: hour(14))))
    let closed = JobSequence(schedule: schedule, from: hour(12), last: (JobCut(closingAfter: hour(14)), true))
    #expect(closed.next(watermark: hour(20), streamEnded: true) == .finish)
  }

  @Test func jobIdsAreReadableFileNames() {
    #expect(JobCut(after: hour(12), fire: hour(15)).id == "2026-01-01T15-00-00Z")
    #expect(JobCut(after: hour(12), fire: hour(15) + .milliseconds(250)).id == "2026-01-01T15-00-00-250Z")
    #expect(JobCut(closingAfter: hour(12)).id == "closing")
  }
}
