import Compute
import Foundation
import Modelling
import Synchronization
import Telemetry
import WindowStore

extension Scheduler {
  /// Runs jobs at their times, also several at a time where the policy allows it.
  func runByWallClock(_ reader: WindowStoreReader) async throws -> Ending {
    var retraining = Retraining()
    guard try await trainWhenDue(reader, &retraining) else { return try stopped() }
    let jobs = runner.jobs
    try jobs.endReplaced(in: runner.folder, at: runner.now())
    let chain = try jobs.chain(of: configuration.deployment)
    for job in chain { runner.removeParts(of: job) }
    if let last = chain.last, last.cut.through == nil, last.state.isFinal {
      return try await finishedWithReruns()
    }
    let unfinished = chain.filter { !$0.state.isFinal }
    var sequence = WallClockSequence(
      schedule: schedule, policy: configuration.concurrency, catchup: configuration.catchup,
      startedAt: runner.now(), lastFire: chain.compactMap(\.cut.firedAt).max(),
      lastCut: chain.compactMap(\.cut.through).max() ?? configuration.from,
      running: unfinished.map(\.cut))
    let lanes = JobLanes(runner.target, more: moreTargets)
    do {
      for job in unfinished { try start(job.cut, lanes) }
      let ending = try await follow(&sequence, lanes, reader, &retraining)
      await lanes.shutDownOthers()
      return ending
    } catch {
      await lanes.stop()
      await lanes.shutDownOthers()
      throw error
    }
  }

  private func start(_ cut: JobCut, _ lanes: JobLanes) throws {
    try lanes.start(cut) { target in try await runner(of: cut, on: target).run(cut) }
  }

  private func follow(
    _ sequence: inout WallClockSequence, _ lanes: JobLanes, _ reader: WindowStoreReader,
    _ retraining: inout Retraining
  ) async throws -> Ending {
    var isClosing = false
    // What was asked to be run again, and which job does it.
    var rerun: (id: String, job: String)?
    while true {
      for (cut, result) in lanes.takeFinished() {
        if let done = rerun, done.job == cut.id {
          rerun = nil
          try endRerun(done.id, result)
          continue
        }
        let job = try result.get()
        guard job.state.isFinal else { continue }
        let isReplaced = try job.state != .completed && runner.jobs.job(job.cut.id)?.replacedBy != nil
        sequence.didEnd(job.cut, isReplaced: isReplaced)
        if job.cut.through == nil { return try await finishedWithReruns() }
      }
      if control.stopRequested {
        await lanes.stop()
        return try stopped()
      }
      if rerun == nil, !isClosing, let id = try runner.jobs.nextRerun() {
        try await retrain(&retraining)
        if let work = try beginRerun(id) {
          rerun = (id, work.cut.id)
          try lanes.start(work.cut) { target in try await runner(of: work, on: target).run(work.cut) }
        }
      }
      if control.streamEnded {
        if lanes.isIdle, !isClosing {
          isClosing = true
          try await retrain(&retraining)
          try start(sequence.closing, lanes)
        }
      } else {
        switch sequence.next(now: runner.now(), watermark: try reader.fleetWatermark()) {
        case .start(let cut):
          try await retrain(&retraining)
          try start(cut, lanes)
        case .cancelRunning(let replacement):
          for cut in lanes.notAskedToEnd() where cut.id != rerun?.job {
            try runner.jobs.requestReplacement(of: cut.id, by: replacement)
            runner.report(ScoringEvent(.notice, job: cut.id, reason: "replaced by \(replacement)"))
          }
        case .skip(let fire, let reason?):
          runner.report(ScoringEvent(.notice, reason: "the job of \(fire) is skipped: \(reason)"))
        case .skip(_, nil): break
        case .wait: retraining.timePasses()
        }
      }
      try await Task.sleep(for: ScoringDefaults.pollInterval)
    }
  }

  /// Trains as soon as the watermark has passed the range; false where the scheduler was told to stop before.
  private func trainWhenDue(_ reader: WindowStoreReader, _ retraining: inout Retraining) async throws -> Bool
  {
    guard let range = configuration.training, try await !isTrained() else { return true }
    while !control.stopRequested {
      let streamEnded = control.streamEnded
      let watermark = try reader.fleetWatermark()
      if streamEnded || watermark.map({ range.to <= $0 }) ?? false {
        retraining.didTrain(range, isDone: try await train(range))
        return true
      }
      try await Task.sleep(for: ScoringDefaults.pollInterval)
    }
    return false
  }

  /// Runs what is to be run again before the end.
  private func finishedWithReruns() async throws -> Ending {
    while try !runner.jobs.takeNoMoreReruns() {
      guard !control.stopRequested, let id = try runner.jobs.nextRerun() else { return try stopped() }
      try await rerun(id)
    }
    return try finished()
  }

  private func retrain(_ retraining: inout Retraining) async throws {
    if let range = retraining.due { retraining.didTrain(range, isDone: try await train(range)) }
  }
}

/// Runs jobs at the same time, each on a target of its own, which the next job takes over.
private final class JobLanes: Sendable {
  private struct Lane: Sendable {
    var target: any ComputeTarget
    var cut: JobCut?
    var task: Task<Void, Never>?
    var isAskedToEnd = false
  }

  private struct State: Sendable {
    var lanes: [Lane]
    var finished: [(cut: JobCut, Result<JobRecord, any Error>)] = []
  }

  private let state: Mutex<State>
  private let more: (@Sendable (Int) throws -> any ComputeTarget)?

  init(_ target: any ComputeTarget, more: (@Sendable (Int) throws -> any ComputeTarget)?) {
    self.more = more
    state = Mutex(State(lanes: [Lane(target: target)]))
  }

  var isIdle: Bool {
    state.withLock { state in state.lanes.allSatisfy { $0.cut == nil } && state.finished.isEmpty }
  }

  /// Starts `job` on a target that is free, or on a new one.
  func start(_ cut: JobCut, _ job: @escaping @Sendable (any ComputeTarget) async throws -> JobRecord) throws {
    try state.withLock { state in
      if !state.lanes.contains(where: { $0.cut == nil }) {
        guard let more else {
          throw ScoringError("job \(cut.id) cannot run beside another: there is no second compute target")
        }
        state.lanes.append(Lane(target: try more(state.lanes.count + 1)))
      }
      guard let index = state.lanes.firstIndex(where: { $0.cut == nil }) else { return }
      let target = state.lanes[index].target
      state.lanes[index].cut = cut
      state.lanes[index].isAskedToEnd = false
      state.lanes[index].task = Task { [self] in
        let result: Result<JobRecord, any Error>
        do {
          result = .success(try await job(target))
        } catch {
          result = .failure(error)
        }
        self.state.withLock { state in
          state.finished.append((cut, result))
          state.lanes[index].cut = nil
        }
      }
    }
  }

  func takeFinished() -> [(cut: JobCut, Result<JobRecord, any Error>)] {
    state.withLock { state in
      defer { state.finished = [] }
      return state.finished
    }
  }

  /// The jobs that run and have not been given out by this before.
  func notAskedToEnd() -> [JobCut] {
    state.withLock { state in
      state.lanes.indices.compactMap { index in
        guard let cut = state.lanes[index].cut, !state.lanes[index].isAskedToEnd else { return nil }
        state.lanes[index].isAskedToEnd = true
        return cut
      }
    }
  }

  /// Lets running tasks finish, starts no others, and returns when no job runs.
  func stop() async {
    let lanes = state.withLock { $0.lanes }
    for lane in lanes { await lane.target.stop() }
    for lane in lanes { await lane.task?.value }
  }

  /// Ends the workers of all targets but the first, which belongs to somebody else.
  func shutDownOthers() async {
    for lane in state.withLock({ $0.lanes }).dropFirst() { await lane.target.shutDown() }
  }
}
