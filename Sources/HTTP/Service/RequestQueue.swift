import Dispatch
import Foundation
import Synchronization
import Telemetry

/// Requests that wait for a thread: bounded in their number, and in how long they wait. What waits too long is refused, not forgotten.
package final class RequestQueue: Sendable {
  /// A request that waits.
  package struct Entry: Sendable {
    /// How long it may wait.
    package let mostWait: Duration
    /// When its answer is of no use any more.
    package let deadline: ContinuousClock.Instant
    /// Answers it, on a thread of the queue.
    package let answer: @Sendable (any Worker) -> Void
    /// Is called in place of ``answer`` where it has waited too long, or the queue has ended.
    package let refuse: @Sendable (RequestFault) -> Void

    package init(
      mostWait: Duration, deadline: ContinuousClock.Instant, answer: @escaping @Sendable (any Worker) -> Void,
      refuse: @escaping @Sendable (RequestFault) -> Void
    ) {
      self.mostWait = mostWait
      self.deadline = deadline
      self.answer = answer
      self.refuse = refuse
    }
  }

  /// What a thread of the queue has for itself.
  package protocol Worker: AnyObject {}

  private struct State {
    var waiting: [(arrived: ContinuousClock.Instant, entry: Entry)] = []
    /// Where the oldest one is: those before it have gone.
    var first = 0
    var busy = 0
    var isStopped = false
    /// What a request takes, as a moving mean.
    var meanSeconds = 0.0

    var count: Int { waiting.count - first }
  }

  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let threads: Int
  private let mostWaiting: Int

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - name: Of the threads.
  ///   - mostWaiting: How many may wait.
  ///   - makeWorker: Makes what a thread has for itself; called on that thread.
  package init(
    name: String, threads: Int, mostWaiting: Int, makeWorker: @escaping @Sendable () -> any Worker
  ) {
    self.threads = threads
    self.mostWaiting = mostWaiting
    for number in 0..<threads {
      let thread = Thread { [self] in work(makeWorker()) }
      thread.name = "\(name)-\(number)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// How many wait, and how many are being answered.
  package var load: (waiting: Int, busy: Int) { state.withLock { ($0.count, $0.busy) } }

  /// Puts a request in. Throws ``RequestFault`` with 503 where there is no room for it, or where it would wait too long.
  package func add(_ entry: Entry) throws(RequestFault) {
    let fault: RequestFault? = state.withLock { state in
      if state.isStopped { return RequestFault(.serviceUnavailable, "the service is about to end") }
      guard state.count < mostWaiting else {
        return RequestFault(.serviceUnavailable, "\(state.count) requests are waiting already")
      }
      let wait = state.meanSeconds * Double(state.count + state.busy) / Double(threads)
      guard state.count == 0 || wait <= entry.mostWait.seconds else {
        return Self.tooLong(entry.mostWait)
      }
      state.waiting.append((.now, entry))
      return nil
    }
    if let fault { throw fault }
    signal.signal()
  }

  /// Refuses what waits, and ends the threads when they have answered what they are at.
  package func stop() {
    let left = state.withLock { state in
      state.isStopped = true
      defer { (state.waiting, state.first) = ([], 0) }
      return state.waiting[state.first...].map(\.entry)
    }
    for entry in left { entry.refuse(RequestFault(.serviceUnavailable, "the service is about to end")) }
    for _ in 0..<threads { signal.signal() }
  }

  private func work(_ worker: any Worker) {
    while true {
      signal.wait()
      let next: (arrived: ContinuousClock.Instant, entry: Entry)?? = state.withLock { state in
        guard state.count > 0 else { return state.isStopped ? nil : .some(nil) }
        let next = state.waiting[state.first]
        state.first += 1
        // The room of those that have gone is given back now and then, so that one costs no more for it.
        if state.first * 2 > state.waiting.count {
          state.waiting.removeFirst(state.first)
          state.first = 0
        }
        state.busy += 1
        return next
      }
      guard let next else { return }
      guard let (arrived, entry) = next else { continue }
      let began = ContinuousClock.now
      if began - arrived > entry.mostWait {
        entry.refuse(Self.tooLong(entry.mostWait))
      } else if began >= entry.deadline {
        entry.refuse(RequestFault(.gatewayTimeout, "the request took too long"))
      } else {
        entry.answer(worker)
      }
      let seconds = (ContinuousClock.now - began).seconds
      state.withLock { state in
        state.busy -= 1
        state.meanSeconds = state.meanSeconds == 0 ? seconds : 0.9 * state.meanSeconds + 0.1 * seconds
      }
    }
  }

  private static func tooLong(_ wait: Duration) -> RequestFault {
    RequestFault(.serviceUnavailable, "the request would wait longer than \(Int(wait.seconds * 1000)) ms")
  }
}
