import Files
import Modelling

/// What is left to do of jobs that have been run, and which job does it.
struct Reruns {
  let folder: RunFolder
  let jobs: JobStore

  /// The job that does what the one called `id` has left undone, with the settings it was queued with, which `change` may change. A
  /// failed or canceled job can be run again afterwards. Throws ``ScoringError`` where nothing is left undone, or cannot be done
  /// with these settings; nothing is changed then.
  func work(_ id: String, change: (inout Deployment) throws -> Void = { _ in }) throws -> Coordinator.Work {
    // Looked at as a whole before anything is changed.
    let (cut, begun, queued) = try left(of: id)
    var deployment = queued
    try change(&deployment)
    if let begun {
      try deployment.refuseToGoOn(with: cut.id, begunWith: queued)
      if begun.state.isFinal {
        JobRunner.forgetFailedRows(of: begun, in: folder)
        try jobs.requeue(cut.id)
      } else {
        try jobs.forgetCancel(of: cut.id)
      }
    } else if deployment.layout.per != queued.layout.per {
      // Rows of a whole device are none of its sensors'.
      throw ScoringError(
        "job \(id) has rows a \(queued.layout.per.rawValue), and models a \(deployment.layout.per.rawValue) cannot score them"
      )
    }
    return Coordinator.Work(cut: cut, deployment: deployment, isBegun: begun != nil)
  }

  /// Throws ``ScoringError`` where the job called `id` has left nothing undone, cannot be run again, or is under way.
  func checkIsLeft(_ id: String) throws {
    guard let begun = try left(of: id).begun, !begun.state.isFinal else { return }
    throw ScoringError(
      "job \(begun.cut.id) has not ended yet, and is \(begun.state.rawValue); “sonde jobs watch \(folder.path) "
        + "\(begun.cut.id)” shows how far it is")
  }

  private func left(of id: String) throws -> (cut: JobCut, begun: JobRecord?, queued: Deployment) {
    let (cut, begun, source) = try undone(of: try jobs.named(id))
    guard let queued = try jobs.deployment(of: source) else {
      throw ScoringError("job \(source) was queued by a version that did not keep its settings")
    }
    return (cut, begun, queued)
  }

  /// The job that does what `job` has left undone: itself where it has not completed, else one that scores the rows that failed, and
  /// so on. With what is known of it, where it has begun, and the name of the job whose settings it has.
  private func undone(of job: JobRecord) throws -> (cut: JobCut, begun: JobRecord?, source: String) {
    guard job.state == .completed else {
      if let replacement = job.replacedBy {
        throw ScoringError(
          "job \(job.cut.id) was to be replaced by \(replacement); that job of the schedule, or its next one, scores its windows"
        )
      }
      return (job.cut, job, job.cut.id)
    }
    guard job.failedRows > 0 else {
      throw ScoringError("job \(job.cut.id) has completed, and none of its rows failed")
    }
    let again = JobCut(failedRowsOf: job.cut)
    guard let known = try jobs.job(again.id) else { return (again, nil, job.cut.id) }
    // What failed again is what that job has left undone.
    return try undone(of: known)
  }
}
