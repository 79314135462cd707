/// How a run came out.
package enum Verdict: String, Hashable, Sendable, Codable {
  /// Every expectation held.
  case passed
  /// An expectation did not.
  case failed
  /// The generator did not keep its own schedule, so nothing may be concluded.
  case invalid
  /// The run broke off.
  case error
}
