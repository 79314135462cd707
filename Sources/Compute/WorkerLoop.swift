import Foundation
import Supervision
import Telemetry

/// A task that failed in a worker, and whether trying again can help.
package struct TaskFailure: Error, Hashable, CustomStringConvertible {
  package let reason: String
  package let retry: Bool

  package init(_ reason: String, retry: Bool = true) {
    self.reason = reason
    self.retry = retry
  }

  package var description: String { reason }
}

/// The worker's side of the protocol of ``WorkerRequest``: reads requests from standard input until its end.
package enum WorkerLoop {
  /// Calls `perform` for each request, one after the other, and answers for it. What `perform` throws becomes the
  /// reason of a failed attempt. Each attempt's beginning and end are logged to standard error; where `isQuiet`, only
  /// what has failed.
  ///
  /// Returns when standard input ends or nobody reads standard output any more.
  package static func run(isQuiet: Bool = false, _ perform: (WorkerRequest) throws -> TaskCounts) {
    // An interrupt from the terminal reaches every process of the group; the coordinator decides what it means.
    signal(SIGINT, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    guard write(.ready) else { return }
    while let line = readLine() {
      guard let request = try? JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8)) else {
        log("not a request: \(line)")
        return
      }
      let label = "task \(request.task) attempt \(request.attempt) of \(request.input)"
      if !isQuiet { log("\(label): started at \(now) on \(MachineName.ofNode)") }
      let reply: WorkerReply
      let start = MachineClock.now
      var lasted: Double { ((MachineClock.now - start) / .milliseconds(1) * 10).rounded() / 10 }
      do {
        try TaskFault.strike(request)
        var counts = try perform(request)
        counts.begunMicroseconds = Int(start / .microseconds(1))
        counts.busyMicroseconds = Int((MachineClock.now - start) / .microseconds(1))
        if !isQuiet || counts.failedItems > 0 {
          log(
            "\(label): \(counts.items) items, \(counts.failedItems) failed, ended at \(now) after \(lasted) ms"
          )
        }
        reply = .succeeded(task: request.task, attempt: request.attempt, counts)
      } catch {
        log("\(label): failed at \(now) after \(lasted) ms on \(MachineName.ofNode): \(error)")
        let retry = (error as? TaskFailure)?.retry ?? true
        reply = .failed(task: request.task, attempt: request.attempt, reason: "\(error)", retry: retry)
      }
      guard write(reply) else { return }
    }
  }

  /// The wall clock.
  private static var now: Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
  }

  private static func write(_ reply: WorkerReply) -> Bool {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var data = try? encoder.encode(reply) else {
      preconditionFailure("strings and integers always encode")
    }
    data.append(0x0A)
    return (try? FileHandle.standardOutput.write(contentsOf: data)) != nil
  }

  /// Writes a line to the worker's log.
  package static func log(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }
}
