import Synchronization

/// A body that comes piece by piece, for as long as its source has any: server-sent events, for one. It is sent in chunks, and belongs to one
/// answer. Between pieces its connection stands still and costs nothing.
package final class HTTPStream: Sendable, Hashable {
  /// What a source has when it is asked.
  package enum Step: Hashable, Sendable {
    case piece([UInt8])
    /// Nothing now; ``wake()`` says when to ask again.
    case wait
    /// Nothing ever again.
    case end
  }

  private struct State {
    var flow = StreamFlow()
    var connection: HTTPConnection?
  }

  private let next: @Sendable () -> Step
  private let ended: @Sendable () -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - next: The next piece. Called on the server's own thread when the client has taken the last one, so that a slow client is asked
  ///     for less often, and nothing is kept for it.
  ///   - ended: Called once, when nothing more will be asked for, whichever side has ended it.
  package init(next: @escaping @Sendable () -> Step, ended: @escaping @Sendable () -> Void = {}) {
    self.next = next
    self.ended = ended
  }

  deinit { close() }

  /// The source has something: it is asked again. From any thread, and as often as one likes.
  package func wake() {
    state.withLock { if $0.flow.wake() { $0.connection?.resume() } }
  }

  /// Ends the body after what has left. From any thread.
  package func end() {
    state.withLock { if $0.flow.end() { $0.connection?.resume() } }
  }

  // MARK: - The server's side, on its thread

  func begin(on connection: HTTPConnection) { state.withLock { $0.connection = connection } }

  /// What is to be sent now. Has suspended the connection where that is to wait.
  func step() -> Step {
    while true {
      guard !state.withLock({ $0.flow.isEnded }) else { return .end }
      let step = next()
      guard step == .wait else { return step }
      let isAsleep = state.withLock { state in
        // Inside the lock: whoever wakes it finds it suspended, or not asleep yet.
        guard state.flow.sleep() else { return false }
        state.connection?.suspend()
        return true
      }
      if isAsleep { return .wait }
    }
  }

  /// Nothing is asked for any longer.
  func close() {
    let isFirst = state.withLock { state in
      state.connection = nil
      return state.flow.close()
    }
    if isFirst { ended() }
  }

  package static func == (first: HTTPStream, second: HTTPStream) -> Bool { first === second }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
