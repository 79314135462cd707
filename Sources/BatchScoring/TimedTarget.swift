import ClusterModel
import Compute
import Supervision
import Synchronization

/// A compute target that writes down when things happen on it. What it runs is another target.
final class TimedTarget: ComputeTarget {
  private struct State: Sendable {
    var begun: [Int: (worker: Int, at: Duration)] = [:]
    var tasks: [TimedJob.Task] = []
  }

  let target: any ComputeTarget
  /// Whether workers share the clock of this machine.
  private let sharesClock: Bool
  private let state = Mutex(State())

  init(_ target: any ComputeTarget, sharesClock: Bool) {
    self.target = target
    self.sharesClock = sharesClock
  }

  var name: String { target.name }
  var slots: Int { target.slots }
  /// Those that were done, in the order of their ends.
  var tasks: [TimedJob.Task] { state.withLock { $0.tasks } }

  func prepare(for command: WorkerCommand) async { await target.prepare(for: command) }
  func cancel() async { await target.cancel() }
  func stop() async { await target.stop() }
  func shutDown() async { await target.shutDown() }
  func host(ofWorker worker: Int) -> String? { target.host(ofWorker: worker) }

  func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
    -> ComputeOutcome
  {
    try await target.run(job) { event in
      self.note(event)
      report(event)
    }
  }

  private func note(_ event: ComputeEvent) {
    let now = MachineClock.now
    state.withLock { state in
      switch event {
      case .taskStarted(let task, _, let worker, _):
        state.begun[task] = (worker, now)
      case .taskSucceeded(let task, _, let counts, _):
        guard let begun = state.begun.removeValue(forKey: task) else { return }
        state.tasks.append(
          TimedJob.Task(
            number: task, worker: begun.worker, begin: begun.at, end: now, work: work(counts, until: now)))
      default: break
      }
    }
  }

  private func work(_ counts: TaskCounts, until end: Duration) -> TimedJob.Span? {
    guard let busy = counts.busyMicroseconds else { return nil }
    // Where the clocks differ, how long it was is all that is known.
    guard sharesClock, let begun = counts.begunMicroseconds else {
      return TimedJob.Span(begin: end - .microseconds(busy), end: end)
    }
    return TimedJob.Span(begin: .microseconds(begun), end: .microseconds(begun + busy))
  }
}
