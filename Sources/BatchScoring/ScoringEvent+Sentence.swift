extension ScoringEvent {
  /// For people; nil for what comes too often.
  package var sentence: String? {
    let name = job.map { "job \($0)" } ?? "job"
    switch event {
    case .training: return "training"
    case .trained:
      let failed = failedModels ?? 0
      return "trained \(models ?? 0) models"
        + (failed > 0 ? "; \(failed) could not be trained, first: \(reason ?? "")" : "")
    case .jobStarted: return "\(name): \(tasks ?? 0) tasks, deployment \(deployment ?? "-")"
    case .progress: return nil
    case .notice: return (job.map { "job \($0): " } ?? "") + (reason ?? "")
    case .retry: return "\(name): \(reason ?? "an attempt failed")"
    case .jobCompleted:
      let failed = failedRows ?? 0
      let alarms = self.alarms.map { ", \($0) \($0 == 1 ? "alarm" : "alarms")" } ?? ""
      return "\(name): \(rows ?? 0) windows scored\(alarms)" + (failed > 0 ? ", \(failed) failed" : "")
        + (seconds.map { " in \(($0 * 1000).rounded() / 1000) s" } ?? "")
        + (reason.map { ": \($0)" } ?? "")
    case .jobFailed: return "\(name) failed: \(reason ?? "")"
    case .jobCanceled: return "\(name) was canceled"
    case .stopped: return "stopped; start it again to go on"
    case .finished:
      return reason.map { "the stream has ended; \($0)" }
        ?? "the stream has ended and every window is scored"
    }
  }
}
