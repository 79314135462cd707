import Foundation
import Synchronization

/// Some lines on standard error that are drawn over each other; there is none where standard error is no terminal.
final class TerminalScreen: Sendable {
  private let shown = Mutex(0)

  /// Nil without a terminal.
  init?() {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
  }

  /// See ``Terminal/lineWidth``.
  var width: Int { Terminal.lineWidth }

  /// Draws `lines` in place of those shown before.
  func show(_ lines: [String]) {
    shown.withLock { shown in
      StandardError.write(raw: Self.erasing(shown) + lines.map { $0 + "\n" }.joined())
      shown = lines.count
    }
  }

  /// Takes the lines away.
  func clear() {
    shown.withLock { shown in
      if shown > 0 { StandardError.write(raw: Self.erasing(shown)) }
      shown = 0
    }
  }

  /// Moves to the first of `count` lines and clears from there on.
  private static func erasing(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)F\u{1B}[J" : "" }
}
