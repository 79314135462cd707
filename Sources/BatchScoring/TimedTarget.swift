import Compute
import Synchronization

/// A compute target that writes down when things happen on it, by a clock that never goes back. What it runs is another target.
final class TimedTarget: ComputeTarget {
  /// A task that was done.
  struct Span: Hashable, Sendable {
    var task: Int
    var worker: Int
    var begin: Duration
    var end: Duration
    var counts: TaskCounts
    /// From giving it out to hearing of its end.
    var duration: Duration
  }

  private struct State: Sendable {
    var begun: [Int: (worker: Int, at: Duration)] = [:]
    var spans: [Span] = []
    var firstBegin: Duration?
  }

  let target: any ComputeTarget
  private let origin = ContinuousClock.now
  private let state = Mutex(State())

  init(_ target: any ComputeTarget) { self.target = target }

  var name: String { target.name }
  var slots: Int { target.slots }
  /// Since the target was made.
  var now: Duration { ContinuousClock.now - origin }
  /// In the order of their ends.
  var spans: [Span] { state.withLock { $0.spans } }
  /// When the first task was given out; nil where none was.
  var firstBegin: Duration? { state.withLock { $0.firstBegin } }

  func prepare(for command: WorkerCommand) async { await target.prepare(for: command) }
  func cancel() async { await target.cancel() }
  func stop() async { await target.stop() }
  func shutDown() async { await target.shutDown() }

  func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
    -> ComputeOutcome
  {
    try await target.run(job) { event in
      self.note(event)
      report(event)
    }
  }

  private func note(_ event: ComputeEvent) {
    let now = now
    state.withLock { state in
      switch event {
      case .taskStarted(let task, _, let worker, _):
        state.begun[task] = (worker, now)
        state.firstBegin = state.firstBegin ?? now
      case .taskSucceeded(let task, _, let counts, let duration):
        guard let begun = state.begun.removeValue(forKey: task) else { return }
        state.spans.append(
          Span(
            task: task, worker: begun.worker, begin: begun.at, end: now, counts: counts, duration: duration))
      default: break
      }
    }
  }
}
