import Synchronization

/// How far a load is, for whoever shows it on another thread: the loop must not wait for a terminal.
package final class LoadProgress: Sendable {
  /// What can be seen.
  package struct Snapshot: Hashable, Sendable {
    /// Seconds since the start of the plan; below 0 before it.
    package var seconds: Double
    package var requests: Int
    package var answered: Int
    package var rejected: Int
    package var errors: Int
    package var waiting: Int
  }

  private let nanoseconds = Atomic<Int64>(-1)
  private let requests = Atomic<Int>(0)
  private let answered = Atomic<Int>(0)
  private let rejected = Atomic<Int>(0)
  private let errors = Atomic<Int>(0)
  private let waiting = Atomic<Int>(0)

  package init() {}

  package var snapshot: Snapshot {
    Snapshot(
      seconds: Double(nanoseconds.load(ordering: .relaxed)) / 1e9,
      requests: requests.load(ordering: .relaxed), answered: answered.load(ordering: .relaxed),
      rejected: rejected.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed),
      waiting: waiting.load(ordering: .relaxed))
  }

  /// - Parameter elapsed: Nanoseconds since the start of the plan.
  func tell(_ account: LoadAccount, elapsed: Int64, waiting: Int) {
    nanoseconds.store(elapsed, ordering: .relaxed)
    requests.store(account.stages.reduce(0) { $0 + $1.requests }, ordering: .relaxed)
    answered.store(account.stages.reduce(0) { $0 + $1.answered }, ordering: .relaxed)
    rejected.store(account.stages.reduce(0) { $0 + $1.rejected }, ordering: .relaxed)
    errors.store(account.stages.reduce(0) { $0 + $1.errors }, ordering: .relaxed)
    self.waiting.store(waiting, ordering: .relaxed)
  }
}
