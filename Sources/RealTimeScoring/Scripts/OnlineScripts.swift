import Foundation
import HTTP
import Modelling
import Telemetry
import Wording

/// The processes of an online endpoint's script, which answers bodies.
final class OnlineScripts: Sendable {
  private let pool: ScriptPool

  /// A thread with its process.
  private final class Worker: RequestQueue.Worker {
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
    pool = try ScriptPool(of: name, limits, queued: queued) { folder in
      let script = OnlineScript(setup, support: folder, log: log)
      do throws(OnlineScript.Fault) {
        try script.start()
        return (Worker(script), nil)
      } catch {
        return (Worker(script), error.description)
      }
    }
  }

  var load: (waiting: Int, busy: Int) { pool.load }

  /// Puts a body in for `run()`. Throws ``RequestFault`` where it cannot wait; else `take` gets the answer, on another thread.
  func ask(
    _ body: [UInt8], by deadline: ContinuousClock.Instant,
    _ take: @escaping @Sendable (Result<HTTPAnswer, RequestFault>) -> Void
  ) throws(RequestFault) {
    guard let text = String(validating: body, as: UTF8.self) else {
      throw RequestFault("the body is no UTF-8, and the script takes text")
    }
    try pool.add(
      by: deadline,
      answer: { worker in
        guard let worker = worker as? Worker else { return }
        do throws(OnlineScript.Fault) {
          let limit = max(deadline - .now, .milliseconds(1))
          take(.success(.json(try worker.script.run(text, within: limit))))
        } catch {
          take(.failure(Self.requestFault(error)))
        }
      }, refuse: { take(.failure($0)) })
  }

  private static func requestFault(_ fault: OnlineScript.Fault) -> RequestFault {
    switch fault {
    case .failed(let reason): RequestFault(.internalError, reason)
    case .late(let reason): RequestFault(.gatewayTimeout, reason)
    case .unavailable(let reason): RequestFault(.serviceUnavailable, reason)
    }
  }
}
