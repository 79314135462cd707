import Telemetry

/// How much of the time was a job's own, where several jobs run in turns and each stands still while another has its turn. Pure.
package struct TurnClock: Hashable, Sendable {
  private struct Turn: Hashable, Sendable {
    var begin: Duration
    var end: Duration
    /// What all turns before it had, together.
    var before: Duration
  }

  /// In the order of time.
  private var turns: [Turn] = []
  private let isUndivided: Bool

  /// Of a job that has no turn yet.
  package init() { isUndivided = false }

  private init(isUndivided: Bool) { self.isUndivided = isUndivided }

  /// Of a job that is never stopped: all of the time is its own.
  package static let undivided = TurnClock(isUndivided: true)

  /// Adds a turn, which begins after the one before it has ended.
  package mutating func add(from begin: Duration, to end: Duration) {
    precondition(
      !isUndivided && begin <= end && begin >= turns.last?.end ?? begin, "turns follow one another")
    turns.append(Turn(begin: begin, end: end, before: total))
  }

  private var total: Duration { turns.last.map { $0.before + ($0.end - $0.begin) } ?? .zero }

  /// How much of the time up to `instant` was the job's own; only differences mean something.
  package func time(_ instant: Duration) -> Duration {
    guard !isUndivided else { return instant }
    // The first turn that begins after it.
    var (low, high) = (0, turns.count)
    while low < high {
      let middle = (low + high) / 2
      if turns[middle].begin > instant { high = middle } else { low = middle + 1 }
    }
    guard low > 0 else { return .zero }
    let turn = turns[low - 1]
    return turn.before + (min(instant, turn.end) - turn.begin)
  }

  /// How many seconds of the time between both were the job's own.
  package func seconds(from begin: Duration, to end: Duration) -> Double {
    (time(end) - time(begin)).seconds
  }
}
