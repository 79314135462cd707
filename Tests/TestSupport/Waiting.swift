import Foundation
import Synchronization
import Testing

/// Looks again and again until `condition` holds; after ten minutes the test has failed, and goes on.
package func waitUntil(
  _ what: Comment, every pause: Duration = .milliseconds(20), _ condition: () async throws -> Bool,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let end = ContinuousClock.now + .seconds(600)
  while ContinuousClock.now < end {
    if try await condition() { return }
    try await Task.sleep(for: pause)
  }
  Issue.record("in ten minutes it did not come to: \(what)", sourceLocation: sourceLocation)
}

/// Does something as soon as something is so, on a thread of its own that looks from the beginning: where all tests are at work, a task
/// goes on seconds too late, also one that has only started a process.
package final class PromptAction: Sendable {
  private let isDone = Atomic<Bool>(false)
  private let what: Comment

  /// - Parameters:
  ///   - what: The condition, in words.
  ///   - look: Nil while it is not so; asked for ten minutes.
  ///   - action: Given what `look` has seen.
  package init<Seen>(
    when what: Comment, _ look: @escaping @Sendable () -> Seen?, _ action: @escaping @Sendable (Seen) -> Void
  ) {
    self.what = what
    Thread.detachNewThread { [self] in
      let end = ContinuousClock.now + .seconds(600)
      while ContinuousClock.now < end {
        if let seen = look() {
          action(seen)
          isDone.store(true, ordering: .releasing)
          return
        }
        Thread.sleep(forTimeInterval: 0.001)
      }
    }
  }

  /// Waits until it was done; after ten minutes the test has failed, and goes on.
  package func finish(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await waitUntil(what, { isDone.load(ordering: .acquiring) }, sourceLocation: sourceLocation)
  }
}
