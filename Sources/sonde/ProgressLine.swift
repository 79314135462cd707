import Foundation
import Harness
import Scenario
import Synchronization
import Wording

/// How far a run is, on standard error: one line that changes on a terminal, a line now and then elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var next = ContinuousClock.now
    var isShown = false
    /// What stands before each line.
    var subject = ""
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// On a terminal fast enough to look alive; in a log seldom enough to be read.
  private var interval: Duration { isTerminal ? .milliseconds(100) : .seconds(5) }

  /// From now on lines are about `subject`, of which the first is shown at once.
  func begin(_ subject: String) {
    state.withLock { state in
      state.subject = "\(subject): "
      state.next = .now
    }
  }

  func show(_ event: RunEvent) {
    switch event {
    case .notice(let text):
      let subject = state.withLock { state in
        erase(&state)
        return state.subject
      }
      StandardError.write(subject + text)
    case .trial(let text): show { _ in text }
    case .status(let status): show { RunLine(status).text(width: $0) }
    }
  }

  /// Shows what `line` gives, where it is time to. It is told how many columns fit, nil in a log; what it gives is cut to
  /// that, because a line that wraps cannot be drawn over.
  func show(_ line: (_ width: Int?) -> String) {
    state.withLock { state in
      guard ContinuousClock.now >= state.next else { return }
      state.next = .now + interval
      if isTerminal {
        let width = Terminal.lineWidth
        let text = state.subject + line(max(0, width - state.subject.columns))
        StandardError.write(raw: "\r\u{1B}[K\(text.fitted(to: width))")
        state.isShown = true
      } else {
        StandardError.write(state.subject + line(nil))
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
}
