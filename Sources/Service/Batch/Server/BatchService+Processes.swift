import Files
import Foundation
import Wording

// The processes of jobs: begun, followed, and taken up where a server before this one has left them.
extension BatchService {
  /// Looks how far a job is.
  func refresh(_ name: String) { looking.withLock { _ in refreshWhileLooking(name) } }

  private func refreshWhileLooking(_ name: String) {
    guard var entry = registry.withLock({ $0.entry(name) }) else { return }
    parts.folder.refresh(&entry)
    let (isOurs, starts) = processes.withLock { ($0.running.contains(name), $0.starts[name] ?? 0) }
    let seen = entry
    registry.withLock {
      $0.update(name) { known in
        known.progress = seen.progress
        // A process that dies before it can count itself counts too.
        if !seen.progress.state.isFinal { known.progress.starts = max(known.progress.starts, starts) }
        known.isCancelAsked = seen.isCancelAsked
        known.isAlive = seen.isAlive || isOurs
      }
    }
  }

  /// Looks how far all jobs are, begins with those whose turn it is, gives up those whose processes die again and again, and forgets the
  /// oldest where there are too many.
  package func look() { looking.withLock { _ in lookAtAll() } }

  private func lookAtAll() {
    for name in registry.withLock({ $0.begun }) { refreshWhileLooking(name) }
    for name in registry.withLock({ $0.spent }) { giveUp(name) }
    let due = registry.withLock { registry in
      let due = registry.due
      for name in due { registry.update(name) { $0.isAlive = true } }
      return due
    }
    for name in due { begin(name) }
    for name in registry.withLock({ $0.superfluous() }) {
      registry.withLock { $0.remove(name) }
      parts.folder.remove(name)
    }
    parts.log.flush()
  }

  private func begin(_ name: String) {
    processes.withLock {
      $0.running.insert(name)
      $0.starts[name, default: 0] += 1
    }
    Task { [parts] in
      do {
        try await parts.runJob(parts.folder.job(name))
      } catch {
        parts.notice("the process of the job \(name) could not be started: \(error)")
      }
      processes.withLock { _ = $0.running.remove(name) }
      refresh(name)
      guard registry.withLock({ $0.entry(name)?.progress.state.isFinal ?? true }) else { return }
      processes.withLock { $0.starts[name] = nil }
    }
  }

  private func giveUp(_ name: String) {
    let paths = parts.folder.job(name)
    // Its process may have begun just now.
    guard let lock = try? DatabaseLock(path: paths.lock) else { return }
    var progress = paths.progress ?? BatchProgress()
    guard !progress.state.isFinal else { return }
    progress.state = .failed
    progress.reason =
      "its process has ended \(BatchDefaults.mostStarts) times before the job had; its log says what it was at"
    progress.endedAt = parts.now()
    do {
      try paths.write(progress)
    } catch {
      parts.notice("the job \(name) could not be given up: \(error)")
    }
    withExtendedLifetime(lock) {}
    processes.withLock { $0.starts[name] = nil }
    refreshWhileLooking(name)
  }
}
