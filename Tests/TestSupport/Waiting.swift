import Foundation
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

/// Calls `action` as soon as `condition` holds, on a thread of its own: where all tests are at work, a task looks seconds too late. After
/// ten minutes the test has failed, and goes on.
///
/// - Parameter seconds: The pause between two looks; 0 for what is so for a moment only.
package func promptly(
  _ action: @escaping @Sendable () -> Void, when what: Comment, every seconds: Double = 0.001,
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: @escaping @Sendable () -> Bool
) async {
  let isSo = await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      let end = ContinuousClock.now + .seconds(600)
      var isSo = condition()
      while !isSo, ContinuousClock.now < end {
        if seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
        isSo = condition()
      }
      action()
      continuation.resume(returning: isSo)
    }
  }
  if !isSo { Issue.record("in ten minutes it did not come to: \(what)", sourceLocation: sourceLocation) }
}
