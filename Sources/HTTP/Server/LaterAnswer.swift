/// Where the answer of a connection's request stands, while it may come from another thread: a pure state, which says what is to be done
/// with the connection.
package struct LaterAnswer {
  private enum Stage {
    /// Nobody owes an answer.
    case none
    /// A handler has asked for time, and may have gone on to answer at once.
    case promised
    /// The connection stands still until the answer comes.
    case awaited
    case made(HTTPAnswer)
  }

  /// What the server's thread does once the handler has returned without an answer.
  package enum Step: Hashable {
    case send(HTTPAnswer)
    /// The connection is to be suspended.
    case wait
    /// The handler has neither answered nor asked for time.
    case nobodyAnswers
  }

  private var stage = Stage.none
  /// Counts the promises of a connection: a late answer must not reach the request that follows.
  private var number = 0

  package init() {}

  /// The number of the answer that is promised from now on.
  package mutating func promise() -> Int {
    number += 1
    stage = .promised
    return number
  }

  /// - Returns: Whether the connection is to be resumed.
  package mutating func arrive(_ answer: HTTPAnswer, for promise: Int) -> Bool {
    guard promise == number else { return false }
    switch stage {
    case .promised:
      stage = .made(answer)
      return false
    case .awaited:
      stage = .made(answer)
      return true
    case .none, .made: return false
    }
  }

  /// The handler has returned without an answer, or the connection has been resumed.
  ///
  /// - Parameter ending: What is answered in place of waiting, where the server ends.
  package mutating func next(ending: HTTPAnswer?) -> Step {
    switch stage {
    case .none: return .nobodyAnswers
    case .promised, .awaited:
      if let ending {
        stage = .none
        return .send(ending)
      }
      stage = .awaited
      return .wait
    case .made(let answer):
      stage = .none
      return .send(answer)
    }
  }

  /// No answer is waited for any longer.
  ///
  /// - Returns: Whether the connection is to be resumed.
  package mutating func abandon(_ answer: HTTPAnswer) -> Bool {
    guard case .awaited = stage else { return false }
    stage = .made(answer)
    return true
  }

  /// The request is over.
  package mutating func forget() { stage = .none }
}
