/// Whether a streamed body runs or sleeps: a pure state, which says when its connection is to be suspended and resumed. Each suspension is
/// resumed once, whoever comes first, and no call to wake is lost.
package struct StreamFlow {
  private var isAsleep = false
  /// Whether there was a call to wake since the source was asked last.
  private var isWoken = false
  /// Whether nothing more is to be sent.
  package private(set) var isEnded = false
  private var isClosed = false

  package init() {}

  /// The source has nothing now.
  ///
  /// - Returns: Whether the connection is to be suspended; where not, the source is to be asked again.
  package mutating func sleep() -> Bool {
    guard !isWoken, !isEnded else {
      isWoken = false
      return false
    }
    isAsleep = true
    return true
  }

  /// - Returns: Whether the connection is to be resumed.
  package mutating func wake() -> Bool {
    guard isAsleep else {
      isWoken = true
      return false
    }
    isAsleep = false
    return true
  }

  /// - Returns: Whether the connection is to be resumed.
  package mutating func end() -> Bool {
    isEnded = true
    defer { isAsleep = false }
    return isAsleep
  }

  /// - Returns: Whether it was open until now.
  package mutating func close() -> Bool {
    defer { isClosed = true }
    isEnded = true
    isAsleep = false
    return !isClosed
  }
}
