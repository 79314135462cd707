import Files
import Foundation
import HTTP
import Modelling
import Synchronization
import Telemetry
import Wording

/// The processes of an online endpoint's script, each with a thread that hands it one request at a time, and the queue before them.
final class OnlineScripts: Sendable {
  private let queue: RequestQueue
  private let mostWait: Duration
  private let support: String

  /// A thread with its process.
  private final class ScriptWorker: RequestQueue.Worker {
    let script: OnlineScript
    init(_ script: OnlineScript) { self.script = script }
    deinit { script.end() }
  }

  /// Starts the processes, and waits until the `init()` of each has ended. Throws ``ServingError`` where one does not start, and
  /// `FileError`.
  ///
  /// - Parameters:
  ///   - name: Of the deployment.
  ///   - python: The interpreter; nil for a script that is a program itself.
  ///   - queued: How many requests may wait.
  ///   - log: Takes what the script prints, as bytes.
  init(
    _ script: ScoringScript, name: String, python: String?, limits: RequestLimits, queued: Int,
    log: @escaping @Sendable ([UInt8]) -> Void
  ) throws {
    if let fault = script.fault { throw ServingError("deployment \(name): \(fault)") }
    let setup: ScriptSetup
    do {
      setup = try ScriptSetup(online: script, python: python, runSeconds: limits.requestTimeoutSeconds)
    } catch {
      throw ServingError("deployment \(name): \(error)")
    }
    support = NSTemporaryDirectory() + "sonde-serve-\(UUID().uuidString)"
    let support = support
    try Folder.make(support)
    mostWait = .seconds(limits.maxQueueWaitSeconds)
    let threads = max(1, limits.maxConcurrentRequests)
    let starts = Starts(threads)
    queue = RequestQueue(
      name: "script", threads: threads, mostWaiting: queued
    ) {
      // A folder of its own, so that no two write the same file.
      let own = "\(support)/\(UUID().uuidString)"
      try? Folder.make(own)
      let script = OnlineScript(setup, support: own, log: log)
      do throws(OnlineScript.Fault) {
        try script.start()
        starts.add(nil)
      } catch {
        starts.add(error.description)
      }
      return ScriptWorker(script)
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

  /// Puts a body in for `run()`. Throws ``RequestFault`` where it cannot wait; else `take` gets the answer, on another thread.
  func ask(
    _ body: [UInt8], by deadline: ContinuousClock.Instant,
    _ take: @escaping @Sendable (Result<HTTPAnswer, RequestFault>) -> Void
  ) throws(RequestFault) {
    guard let text = String(validating: body, as: UTF8.self) else {
      throw RequestFault("the body is no UTF-8, and the script takes text")
    }
    try queue.add(
      RequestQueue.Entry(
        mostWait: mostWait, deadline: deadline,
        answer: { worker in
          guard let worker = worker as? ScriptWorker else { return }
          do throws(OnlineScript.Fault) {
            let limit = max(deadline - .now, .milliseconds(1))
            take(.success(.json(try worker.script.run(text, within: limit))))
          } catch {
            take(.failure(Self.requestFault(error)))
          }
        }, refuse: { take(.failure($0)) }))
  }

  private static func requestFault(_ fault: OnlineScript.Fault) -> RequestFault {
    switch fault {
    case .failed(let reason): RequestFault(.internalError, reason)
    case .late(let reason): RequestFault(.gatewayTimeout, reason)
    case .unavailable(let reason): RequestFault(.serviceUnavailable, reason)
    }
  }
}
