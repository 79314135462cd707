import Compute
import Foundation
import HTTP
import Modelling
import Telemetry
import Wording

/// The processes of a script that jobs run too: it scores windows, and a request's rows are handed to it as windows.
final class WindowScripts: Sendable {
  private let pool: ScriptPool
  private let scope: ModelScope

  /// A thread with its process.
  private final class Worker: RequestQueue.Worker {
    let detector: ScriptDetector
    init(_ detector: ScriptDetector) { self.detector = detector }
  }

  /// Starts the processes, and waits until the `init()` of each has ended. Throws ``ServingError`` where one does not start, and
  /// `FileError`.
  ///
  /// - Parameters:
  ///   - name: Of the deployment.
  ///   - python: The interpreter; nil for a script that is a program itself.
  ///   - models: The folder in which it has trained its own model, where it does that.
  ///   - queued: How many requests may wait.
  ///   - log: Takes what the script prints, as bytes.
  init(
    _ script: ScoringScript, name: String, python: String?, layout: ModelLayout, models: String,
    limits: RequestLimits, queued: Int, log: @escaping @Sendable ([UInt8]) -> Void
  ) throws {
    if let fault = script.fault { throw ServingError("deployment \(name): \(fault)") }
    let setup: ScriptSetup
    do {
      setup = try ScriptSetup(
        script, python: python, layout: layout, models: models, runSeconds: limits.requestTimeoutSeconds)
    } catch {
      throw ServingError("deployment \(name): \(error)")
    }
    let scope = layout.per
    self.scope = scope
    pool = try ScriptPool(of: name, limits, queued: queued) { folder in
      let detector = ScriptDetector(
        setup, scope: scope, runner: ScriptRunner(log: { log($0) }), scratch: folder)
      do {
        try detector.start()
        return (Worker(detector), nil)
      } catch {
        return (Worker(detector), Self.requestFault(error).description)
      }
    }
  }

  var load: (waiting: Int, busy: Int) { pool.load }

  /// Has a request scored. Throws ``RequestFault`` where it cannot wait; else `take` gets the request as it was read, and its scores, on
  /// another thread.
  ///
  /// - Parameter read: Reads the request, on that thread.
  func score(
    by deadline: ContinuousClock.Instant,
    reading read: @escaping @Sendable () throws(RequestFault) -> ScoringWork,
    take: @escaping @Sendable (Result<(ScoringWork, RequestScores), RequestFault>) -> Void
  ) throws(RequestFault) {
    let scope = scope
    try pool.add(
      by: deadline,
      answer: { worker in
        guard let worker = worker as? Worker else { return }
        do throws(RequestFault) {
          let work = try read()
          let windows = try RequestWindows(work.rows, scope: scope)
          take(.success((work, try windows.scores(Self.tables(worker.detector, windows)))))
        } catch {
          take(.failure(error))
        }
      }, refuse: { take(.failure($0)) })
  }

  private static func tables(_ detector: ScriptDetector, _ windows: RequestWindows) throws(RequestFault)
    -> [ScoredTable]
  {
    do { return try detector.score(windows.devices) } catch { throw requestFault(error) }
  }

  private static func requestFault(_ error: any Error) -> RequestFault {
    switch error {
    case let fault as ScriptFault:
      RequestFault(fault.isLate ? .gatewayTimeout : .internalError, "the script \(fault)")
    // It does not start, or its files have changed and a new one is on its way.
    case let failure as TaskFailure: RequestFault(.serviceUnavailable, failure.reason)
    default: RequestFault(.internalError, "\(error)")
    }
  }
}
