import Wording

/// How often a task is tried and how long it may take.
package struct RetrySettings: Hashable, Sendable, Codable {
  package static let leastRetries = LeastNumber(0)

  /// How often a failed task is tried again; 0 for never.
  package var maxRetries: Int
  /// How long one attempt may take before its worker is killed.
  package var timeout: Duration

  package init(
    maxRetries: Int = ComputeDefaults.maxRetries, timeout: Duration = ComputeDefaults.taskTimeout
  ) {
    self.maxRetries = maxRetries
    self.timeout = timeout
  }
}
