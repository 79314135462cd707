/// How long to wait before a request is sent again: longer each time, without an end.
package struct Backoff: Hashable, Sendable {
  /// Attempts that were in vain.
  package private(set) var failures = 0

  package init() {}

  /// Another attempt was in vain. Returns the pause before the next one.
  ///
  /// - Parameter retryAfter: What the service asks for; nil where it does not.
  package mutating func fail(retryAfter: Duration? = nil) -> Duration {
    var pause = StreamDefaults.firstPause
    for _ in 0..<min(failures, 30) where pause < StreamDefaults.longestPause { pause *= 2 }
    failures += 1
    return max(
      min(pause, StreamDefaults.longestPause), min(retryAfter ?? .zero, StreamDefaults.longestRetryAfter))
  }
}
