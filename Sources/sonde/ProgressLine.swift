import Foundation
import Scenario
import Synchronization
import Telemetry

/// How far a run is, on standard error: one line that changes on a terminal, a line now and then elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var next = ContinuousClock.now
    var isShown = false
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// On a terminal fast enough to look alive; in a log seldom enough to be read.
  private var interval: Duration { isTerminal ? .milliseconds(100) : .seconds(5) }

  func show(_ event: RunEvent) {
    switch event {
    case .notice(let text):
      state.withLock { erase(&$0) }
      StandardError.write(text)
    case .status(let status): show { Self.line(status, hasBar: isTerminal) }
    }
  }

  /// Shows what `line` gives, where it is time to. At most 79 characters fit.
  func show(_ line: () -> String) {
    state.withLock { state in
      guard ContinuousClock.now >= state.next else { return }
      state.next = .now + interval
      if isTerminal {
        StandardError.write(raw: "\r\u{1B}[K\(line())")
        state.isShown = true
      } else {
        StandardError.write(line())
      }
    }
  }

  /// Takes the line away.
  func clear() { state.withLock { erase(&$0) } }

  private func erase(_ state: inout State) {
    guard state.isShown else { return }
    StandardError.write(raw: "\r\u{1B}[K")
    state.isShown = false
  }

  /// At most 79 characters.
  ///
  /// - Parameter hasBar: Whether the share is drawn as well, for a line that changes.
  static func line(_ status: RunStatus, hasBar: Bool) -> String {
    let cells = 16
    let filled = min(cells, Int(status.share * Double(cells)))
    let bar =
      hasBar
      ? "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled) + "] "
      : ""
    let phase = status.phase.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
    let clock = status.eventTime.map { String($0.description.prefix(16).suffix(11)) } ?? "-----------"
    let percent = "\(Int(min(1, status.share) * 100))%"
    var line = "\(phase) \(bar)\(percent)  \(clock)  \(RunSummary.grouped(status.windowsClosed)) windows"
    line += status.modelsTrained > 0 ? "  \(status.jobsCompleted) jobs" : ""
    return String(line.prefix(79))
  }
}
