/// A token bucket: so many requests a second on average, and as many as one second has at once. A value that is told the time.
package struct RateLimit: Hashable, Sendable {
  package let perSecond: Double
  /// The most that may come at once; at least one, or a rate below one a second would let nothing through.
  package let burst: Double
  private var tokens: Double
  private var last: ContinuousClock.Instant?

  package init(perSecond: Double) {
    self.perSecond = perSecond
    burst = max(1, perSecond)
    tokens = burst
  }

  /// Takes a request. A clock that goes back stands still.
  ///
  /// - Returns: Nil where it may go on; otherwise after how many whole seconds, at least 1, there will be room for one.
  package mutating func take(at now: ContinuousClock.Instant) -> Int? {
    if let last, now > last {
      let passed = last.duration(to: now).components
      tokens = min(burst, tokens + (Double(passed.seconds) + Double(passed.attoseconds) * 1e-18) * perSecond)
    }
    last = max(last ?? now, now)
    if tokens >= 1 - Self.rounding {
      tokens -= 1
      return nil
    }
    return Int(min(((1 - tokens) / perSecond).rounded(.up), Self.longestWait))
  }

  /// Sums of parts of tokens are not exact, and a client that has waited as long as it was told to must be let in.
  private static let rounding = 1e-9

  /// The most that a client is told to wait: a rate of one request a day is no reason for a number that nobody reads.
  private static let longestWait = 86_400.0
}
