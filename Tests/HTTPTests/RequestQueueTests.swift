import Foundation
import HTTP
import Synchronization
import Testing

/// The queue before the threads: bounded, in order, and nobody is forgotten.
@Suite struct RequestQueueTests {
  private final class Nothing: RequestQueue.Worker {}

  /// What became of requests, by their numbers.
  private final class Outcomes: Sendable {
    let answered = Mutex<[Int]>([])
    let refused = Mutex<[Int: RequestFault]>([:])

    var inOrder: [Int] { answered.withLock { $0 } }
    var statuses: [Int: HTTPStatus] { refused.withLock { $0.mapValues(\.status) } }

    var count: Int { answered.withLock(\.count) + refused.withLock(\.count) }

    func entry(
      _ number: Int, deadline: ContinuousClock.Instant, mostWait: Duration = .seconds(600),
      work: @escaping @Sendable () -> Void = {}
    )
      -> RequestQueue.Entry
    {
      RequestQueue.Entry(
        mostWait: mostWait, deadline: deadline,
        answer: { [self] _ in
          work()
          answered.withLock { $0.append(number) }
        }, refuse: { [self] fault in refused.withLock { $0[number] = fault } })
    }

    func wait(for count: Int) async throws {
      while self.count < count { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  private func queue(threads: Int = 1, mostWaiting: Int = 1000)
    -> RequestQueue
  {
    RequestQueue(name: "test", threads: threads, mostWaiting: mostWaiting) { Nothing() }
  }

  private let later = ContinuousClock.now + .seconds(3600)

  @Test(.timeLimit(.minutes(30))) func oneThreadAnswersInOrder() async throws {
    let queue = queue()
    let outcomes = Outcomes()
    for number in 0..<500 { try queue.add(outcomes.entry(number, deadline: later)) }
    try await outcomes.wait(for: 500)
    #expect(outcomes.inOrder == Array(0..<500))
    queue.stop()
  }

  @Test(.timeLimit(.minutes(30))) func aFullQueueRefusesAndTheEndRefusesWhatWaits() async throws {
    let queue = queue(mostWaiting: 3)
    let outcomes = Outcomes()
    let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    try queue.add(
      outcomes.entry(0, deadline: later) {
        begun.signal()
        gate.wait()
      })
    await withCheckedContinuation { continuation in
      Thread {
        begun.wait()
        continuation.resume()
      }.start()
    }
    for number in 1...3 { try queue.add(outcomes.entry(number, deadline: later)) }
    let load = queue.load
    #expect(load.waiting == 3 && load.busy == 1)
    do {
      try queue.add(outcomes.entry(4, deadline: later))
      Issue.record("the fourth has no room")
    } catch {
      #expect(error.status == .serviceUnavailable)
    }
    queue.stop()
    #expect(outcomes.statuses == [1: .serviceUnavailable, 2: .serviceUnavailable, 3: .serviceUnavailable])
    gate.signal()
    try await outcomes.wait(for: 4)
    #expect(outcomes.inOrder == [0])
    #expect(throws: RequestFault.self) { try queue.add(outcomes.entry(5, deadline: later)) }
  }

  /// What has waited too long is refused with 503, and what is past its deadline with 504; the next one is answered.
  @Test(.timeLimit(.minutes(30))) func whoWaitsTooLongIsRefused() async throws {
    let queue = queue()
    let outcomes = Outcomes()
    let (begun, gate) = (Flag(), DispatchSemaphore(value: 0))
    // On a busy machine it may itself be refused.
    var attempt = 0
    while !begun.isSet {
      attempt -= 1
      let before = outcomes.count
      try queue.add(
        outcomes.entry(attempt, deadline: later, mostWait: .seconds(1)) {
          begun.set()
          gate.wait()
        })
      while outcomes.count == before, !begun.isSet { try await Task.sleep(for: .milliseconds(2)) }
    }
    try queue.add(outcomes.entry(1, deadline: later, mostWait: .seconds(1)))
    try await Task.sleep(for: .milliseconds(1200))
    gate.signal()
    while !outcomes.inOrder.contains(attempt) || outcomes.statuses[1] == nil {
      try await Task.sleep(for: .milliseconds(2))
    }
    #expect(outcomes.statuses[1] == .serviceUnavailable)
    let patient = self.queue()
    try patient.add(outcomes.entry(2, deadline: .now - .seconds(1)))
    try patient.add(outcomes.entry(3, deadline: later))
    while outcomes.statuses[2] == nil || !outcomes.inOrder.contains(3) {
      try await Task.sleep(for: .milliseconds(2))
    }
    #expect(outcomes.statuses[2] == .gatewayTimeout)
    #expect(outcomes.inOrder == [attempt, 3])
    queue.stop()
    patient.stop()
  }

  @Test(.timeLimit(.minutes(30))) func manyThreadsAnswerEachOnce() async throws {
    let queue = queue(threads: 4)
    let outcomes = Outcomes()
    await withTaskGroup(of: Void.self) { group in
      for part in 0..<8 {
        group.addTask {
          for number in 0..<50 { try? queue.add(outcomes.entry(part * 50 + number, deadline: later)) }
        }
      }
    }
    try await outcomes.wait(for: 400)
    #expect(outcomes.inOrder.sorted() == Array(0..<400))
    queue.stop()
  }
}
