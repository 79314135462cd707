import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import Telemetry
import Testing

/// What commands ask of a run's jobs, without commands.
@Suite(.timeLimit(.minutes(30))) struct CoordinatorTests {
  private let hour = ScoringFixture.hour

  private func trained(_ run: ScoringFixture, errorThreshold: Int = -1) async throws -> Deployment {
    try run.store(ScoringFixture.windows(), watermark: hour(14))
    let trainer = Trainer(folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
    _ = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
    return Deployment(miniBatchSize: .devices(1), maxRetries: 0, errorThreshold: errorThreshold)
  }

  private func run(
    _ work: Coordinator.Work, by coordinator: Coordinator, on target: InProcessTarget = InProcessTarget()
  ) async throws -> JobRecord {
    try await coordinator.run(
      work, on: target, worker: WorkerCommand(executable: "in process"), now: { Timestamp(milliseconds: 0) },
      report: { _ in })
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func cutsFollowEachOther() async throws {
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder)
      let coordinator = try Coordinator(folder.folder)
      #expect(message { _ = try coordinator.next(of: deployment, through: hour(15)) }.contains("watermark"))
      let first = try coordinator.next(of: deployment, after: hour(12))
      #expect(first.cut == JobCut(after: hour(12), fire: hour(14)) && !first.isBegun)
      #expect(try await run(first, by: coordinator).state == .completed)
      #expect(message { _ = try coordinator.next(of: deployment) }.contains("is scored already"))
      try folder.store([], watermark: hour(16))
      let second = try coordinator.next(of: deployment, through: hour(15))
      #expect(second.cut == JobCut(after: hour(14), fire: hour(15)))
    }
  }

  @Test func anUnfinishedJobGoesOnWithTheDeploymentThatItBeganWith() async throws {
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder, errorThreshold: 7)
      let coordinator = try Coordinator(folder.folder)
      let work = try coordinator.next(of: deployment, after: hour(12))
      #expect(try await !run(work, by: coordinator, on: InProcessTarget(stopAfter: 1)).state.isFinal)
      var other = deployment
      other.errorThreshold = 9
      let next = try coordinator.next(of: other, after: hour(13))
      #expect(next.isBegun && next.cut == work.cut && next.deployment.errorThreshold == 7)
      #expect(try await run(next, by: coordinator).state == .completed)
    }
  }

  @Test func aRerunThatIsRefusedChangesNothing() async throws {
    struct Refused: Error {}
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder, errorThreshold: 0)
      let coordinator = try Coordinator(folder.folder)
      let work = try coordinator.next(of: deployment, after: hour(12))
      let broken = InProcessTarget { task in task == 0 ? "broken" : nil }
      #expect(try await run(work, by: coordinator, on: broken).state == .failed)
      let id = work.cut.id
      #expect(message { _ = try coordinator.rerun("no such job") { _ in } }.contains("there are \(id)"))
      #expect(throws: Refused.self) { try coordinator.rerun(id) { _ in throw Refused() } }
      #expect(try coordinator.jobs.named(id).state == .failed)
      let again = try coordinator.rerun(id) { $0.errorThreshold = 5 }
      #expect(again.isBegun && again.deployment.errorThreshold == 5)
      #expect(try coordinator.jobs.named(id).state == .queued)
      #expect(try await run(again, by: coordinator).state == .completed)
      #expect(message { _ = try coordinator.rerun(id) { _ in } }.contains("none of its rows failed"))
    }
  }

  @Test func rowsThatFailedAreTheNextJobAndSoOn() async throws {
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder)
      let coordinator = try Coordinator(folder.folder)
      let work = try coordinator.next(of: deployment, after: hour(12))
      let broken = InProcessTarget { task in task == 0 ? "broken" : nil }
      let job = try await run(work, by: coordinator, on: broken)
      #expect(job.state == .completed && job.failedRows > 0)
      let again = try coordinator.rerun(work.cut.id) { _ in }
      #expect(again.cut == JobCut(failedRowsOf: work.cut) && !again.isBegun)
      #expect(try await run(again, by: coordinator).failedRows == 0)
      #expect(message { _ = try coordinator.rerun(work.cut.id) { _ in } }.contains("\(again.cut.id)"))
    }
  }

  @Test func aJobThatNobodyRunsIsCanceledOnce() async throws {
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder)
      var id = ""
      do {
        let coordinator = try Coordinator(folder.folder)
        let work = try coordinator.next(of: deployment, after: hour(12))
        id = work.cut.id
        _ = try await run(work, by: coordinator, on: InProcessTarget(stopAfter: 1))
      }
      try await Coordinator.cancel(id, in: folder.folder) { Timestamp(milliseconds: 5) }
      let canceled = try JobStore(reading: folder.folder.jobs).named(id)
      #expect(canceled.state == .canceled && canceled.endedAt == Timestamp(milliseconds: 5))
      await #expect(throws: ScoringError.self) {
        try await Coordinator.cancel(id, in: folder.folder) { Timestamp(milliseconds: 6) }
      }
    }
  }

  @Test func aRerunIsQueuedWhereASchedulerTakesIt() async throws {
    try await ScoringFixture.with { folder in
      let deployment = try await trained(folder, errorThreshold: 5)
      let coordinator = try Coordinator(folder.folder)
      let work = try coordinator.next(of: deployment, after: hour(12))
      let id = work.cut.id
      #expect(try await run(work, by: coordinator, on: InProcessTarget { _ in "no" }).state == .failed)
      func asking() -> String { message { try Coordinator.queueRerun(id, in: folder.folder) } }
      #expect(asking().contains("a job that somebody has begun by hand is running"))
      #expect(try !coordinator.jobs.named(id).isRerunQueued)
      // By hand it is run all the same.
      let again = try coordinator.rerun(id) { $0.errorThreshold = -1 }
      #expect(asking().contains("has not ended yet, and is queued"))
      #expect(try await run(again, by: coordinator).state == .completed)
      #expect(asking().contains("has completed, and none of its rows failed"))
      #expect(try coordinator.jobs.named(id).attempts.map(\.state) == [.failed, .completed])
    }
  }

  @Test func aRerunNeedsAFolderInWhichAJobHasRun() async throws {
    try await ScoringFixture.with { folder in
      #expect(throws: ScoringError.self) { try Coordinator(ifFree: folder.folder) }
      #expect(!FileManager.default.fileExists(atPath: folder.folder.jobs), "nothing was made")
    }
  }
}
