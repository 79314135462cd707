import BatchScoring
import Compute
import Files
import Foundation
import HTTP
import Modelling
import Supervision
import Synchronization
import Telemetry
import Wording

/// The process of one job of a server: takes it from wherever it is to its end. Killed at any point and begun again, it goes on.
package struct BatchJobRun: Sendable {
  let paths: JobPaths
  /// The command of a worker.
  let worker: @Sendable (Deployment) -> WorkerCommand
  /// Makes the target of a job, whose nodes are noted in the store.
  let target: @Sendable (ComputeSettings, Deployment, RunFolder, JobStore) throws -> any ComputeTarget
  /// Set where the process is to end soon; what is unfinished is gone on with by the next one.
  let stop: StopFlag
  /// The wall clock.
  let now: @Sendable () -> Timestamp
  /// Takes a line of the job's log.
  let log: @Sendable (String) -> Void

  package init(
    _ paths: JobPaths, worker: @escaping @Sendable (Deployment) -> WorkerCommand,
    target:
      @escaping @Sendable (ComputeSettings, Deployment, RunFolder, JobStore) throws -> any ComputeTarget,
    stop: StopFlag, now: @escaping @Sendable () -> Timestamp, log: @escaping @Sendable (String) -> Void
  ) {
    self.paths = paths
    self.worker = worker
    self.target = target
    self.stop = stop
    self.now = now
    self.log = log
  }

  /// Returns when the job has ended, or is to be gone on with by another process. What goes wrong becomes the reason of a failed job; throws
  /// `FileError` where not even that can be written, and ``JSONFileError`` where the job cannot be read.
  package func run() async throws {
    // Another process is at it.
    guard let lock = try? DatabaseLock(path: paths.lock) else { return log("another process runs this job") }
    let job = try JSONFile.read(BatchJob.self, paths.job, keys: .asDeclared)
    var begun = paths.progress ?? BatchProgress()
    guard !begun.state.isFinal else { return }
    begun.starts += 1
    if begun.state != .queued { log("goes on, as process \(begun.starts) of the job") }
    let account = try JobAccount(begun, paths)
    do {
      switch job.input {
      case .run(let folder): try await score(folder, job, account)
      case .files(let input): try await score(input, job, account)
      }
    } catch is Stopped {
      // It was asked to end: that is no death.
      try account.change { $0.starts -= 1 }
      log("stopped; the server, or the next one, goes on with it")
    } catch is Canceled {
      try end(account, .canceled)
    } catch {
      log("\(error)")
      try end(account, .failed, "\(error)")
    }
    withExtendedLifetime(lock) {}
  }

  /// The process is to end, and the job is not at its end.
  struct Stopped: Error {}
  /// Somebody has asked for the end of a job with which nobody had begun.
  struct Canceled: Error {}

  func end(_ account: JobAccount, _ state: JobState, _ reason: String? = nil) throws {
    let end = now()
    try account.change {
      $0.state = state
      $0.reason = reason ?? $0.reason
      $0.endedAt = end
    }
    log("the job is \(state.rawValue)\(reason.map { ": \($0)" } ?? "")")
  }

  /// Throws ``Stopped`` or ``Canceled`` where that was asked for.
  func checkGoesOn() throws {
    if stop.isSet { throw Stopped() }
    if paths.isCancelAsked { throw Canceled() }
  }
}

/// The progress of a job, as its process writes it: where it has changed, since each time is flushed to disk.
final class JobAccount: Sendable {
  private struct State {
    var progress: BatchProgress
    var written: BatchProgress?
  }

  private let state: Mutex<State>
  private let paths: JobPaths

  /// Throws `FileError`.
  init(_ progress: BatchProgress, _ paths: JobPaths) throws {
    state = Mutex(State(progress: progress))
    self.paths = paths
    try write()
  }

  var value: BatchProgress { state.withLock { $0.progress } }

  /// Changes it, and writes it. Throws `FileError`.
  func change(_ body: (inout BatchProgress) -> Void) throws {
    note(body)
    try write()
  }

  /// Changes it; the next ``write()`` writes it.
  func note(_ body: (inout BatchProgress) -> Void) { state.withLock { body(&$0.progress) } }

  /// Writes what has changed. Throws `FileError`.
  func write() throws {
    try state.withLock { state in
      guard state.written != state.progress else { return }
      try paths.write(state.progress)
      state.written = state.progress
    }
  }
}
