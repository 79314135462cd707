import Compute
import Modelling

/// Jobs that somebody wants run again while a scheduler holds their folder.
extension Scheduler {
  /// Runs what the job called `id` has left undone. Where the scheduler is stopped meanwhile, the next one goes on with it.
  func rerun(_ id: String) async throws {
    guard let work = try beginRerun(id) else { return }
    try endRerun(id, await Result { try await run(work.cut, by: runner(of: work, on: runner.target)) })
  }

  /// What is to be run; nil where nothing is, which is told.
  func beginRerun(_ id: String) throws -> Coordinator.Work? {
    do {
      let work = try Reruns(folder: runner.folder, jobs: runner.jobs).work(id)
      runner.report(ScoringEvent(.notice, job: work.cut.id, reason: "run again, as somebody has asked for"))
      return work
    } catch let error as ScoringError {
      try refuseRerun(id, error)
      return nil
    }
  }

  func runner(of work: Coordinator.Work, on target: any ComputeTarget) throws -> JobRunner {
    runner.on(target, work.deployment, try worker(of: work.deployment), folder: folder)
  }

  /// The rerun that was asked for with the name `id` has come to this.
  func endRerun(_ id: String, _ result: Result<JobRecord, any Error>) throws {
    do {
      if try result.get().state.isFinal { try runner.jobs.forgetRerun(of: id) }
    } catch let error as ScoringError {
      // The jobs of the schedule do not end with it.
      try refuseRerun(id, error)
    }
  }

  private func refuseRerun(_ id: String, _ error: ScoringError) throws {
    try runner.jobs.forgetRerun(of: id)
    runner.report(ScoringEvent(.notice, job: id, reason: "it is not run again: \(error)"))
  }
}
