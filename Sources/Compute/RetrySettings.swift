/// How often a task is tried and how long it may take.
public struct RetrySettings: Hashable, Sendable, Codable {
  /// How often a failed task is tried again; 0 for never.
  public var maxRetries: Int
  /// How long one attempt may take before its worker is killed.
  public var timeout: Duration

  public init(
    maxRetries: Int = ComputeDefaults.maxRetries, timeout: Duration = ComputeDefaults.taskTimeout
  ) {
    self.maxRetries = maxRetries
    self.timeout = timeout
  }
}
