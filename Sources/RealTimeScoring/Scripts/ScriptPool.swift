import Files
import Foundation
import HTTP
import Synchronization
import Telemetry

/// The processes of a deployment's script, each with a thread that hands it one request at a time, and the queue before them.
final class ScriptPool: Sendable {
  private let queue: RequestQueue
  private let mostWait: Duration
  private let support: String

  /// Starts the processes, and waits until each can answer. Throws ``ServingError`` where one does not start, and `FileError`.
  ///
  /// - Parameters:
  ///   - name: Of the deployment.
  ///   - queued: How many requests may wait.
  ///   - makeWorker: Starts a process, on the thread that it is handed requests by. It is given a folder of its own, and gives why the
  ///     process did not start, nil where it did.
  init(
    of name: String, _ limits: RequestLimits, queued: Int,
    makeWorker: @escaping @Sendable (_ folder: String) -> (worker: any RequestQueue.Worker, fault: String?)
  ) throws {
    support = NSTemporaryDirectory() + "sonde-serve-\(UUID().uuidString)"
    let support = support
    try Folder.make(support)
    mostWait = .seconds(limits.maxQueueWaitSeconds)
    let threads = max(1, limits.maxConcurrentRequests)
    let starts = Starts(threads)
    queue = RequestQueue(name: "script", threads: threads, mostWaiting: queued) {
      // A folder of its own, so that no two write the same file.
      let own = "\(support)/\(UUID().uuidString)"
      try? Folder.make(own)
      let (worker, fault) = makeWorker(own)
      starts.add(fault)
      return worker
    }
    if let reason = starts.wait() {
      queue.stop()
      try? FileManager.default.removeItem(atPath: support)
      throw ServingError("deployment \(name): \(reason)", exitStatus: .unavailable)
    }
  }

  deinit {
    queue.stop()
    try? FileManager.default.removeItem(atPath: support)
  }

  /// Waits for the threads' processes.
  private final class Starts: Sendable {
    private let reason = Mutex<String?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)
    private let count: Int

    init(_ count: Int) { self.count = count }

    func add(_ fault: String?) {
      if let fault { reason.withLock { $0 = $0 ?? fault } }
      semaphore.signal()
    }

    /// Why one has not started; nil where all have.
    func wait() -> String? {
      for _ in 0..<count { semaphore.wait() }
      return reason.withLock { $0 }
    }
  }

  var load: (waiting: Int, busy: Int) { queue.load }

  /// Puts a request in. Throws ``RequestFault`` where it cannot wait; else one of the two is called, on another thread.
  func add(
    by deadline: ContinuousClock.Instant, answer: @escaping @Sendable (any RequestQueue.Worker) -> Void,
    refuse: @escaping @Sendable (RequestFault) -> Void
  ) throws(RequestFault) {
    try queue.add(
      RequestQueue.Entry(mostWait: mostWait, deadline: deadline, answer: answer, refuse: refuse))
  }
}
