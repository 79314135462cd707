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
