/// What a connection is doing, as far as time goes.
package enum ConnectionPhase: UInt8, CaseIterable {
  /// It has just been opened, and the head of its first request has not come.
  case opened
  /// It is kept, and the head of its next request has not come.
  case kept
  /// The body of its request is coming.
  case receiving
  /// The answer is being made. That is bounded by who makes it.
  case answering
  /// The answer is leaving.
  case sending
  /// All that there is of a streamed answer has left, and more is to come. That is bounded by who makes it.
  case streaming

  /// Whether it has no request that anybody waits for.
  package var isIdle: Bool { self == .opened || self == .kept }
}

/// Which connections are cut, and why.
package struct ConnectionWatch: Sendable {
  /// What is seen of a connection.
  package struct Sight {
    package var phase: ConnectionPhase
    /// Since when it has been in that phase, in nanoseconds of the clock that `now` is of.
    package var since: Int64

    package init(_ phase: ConnectionPhase, since: Int64) {
      self.phase = phase
      self.since = since
    }
  }

  package enum Reason: Hashable {
    case tooSlow
    /// All connections are taken, and this one has been slow for longest.
    case makesRoom
  }

  /// One of those that are seen, by its position, and why it is cut.
  package struct Cut: Hashable {
    package var position: Int
    package var reason: Reason

    package init(position: Int, reason: Reason) {
      self.position = position
      self.reason = reason
    }
  }

  private let idle: Int64
  private let request: Int64
  private let patience: Int64
  private let connections: Int

  package init(_ limits: ServerLimits) {
    idle = limits.idleTimeout.wholeNanoseconds
    request = limits.requestTimeout.wholeNanoseconds
    patience = limits.patienceWhenFull.wholeNanoseconds
    connections = limits.connections
  }

  /// How long may pass between two looks.
  package var interval: Duration {
    .nanoseconds(
      min(HTTPDefaults.longestLook.wholeNanoseconds, max(1_000_000, min(idle, request, patience) / 4)))
  }

  /// How long a connection may stay in `phase`; nil is for ever.
  private func bound(_ phase: ConnectionPhase) -> Int64? {
    switch phase {
    case .opened, .receiving, .sending: request
    case .kept: idle
    case .answering, .streaming: nil
    }
  }

  /// The positions in `seen` of those that are cut.
  package func cuts(_ seen: [Sight], now: Int64) -> [Cut] {
    var cuts: [Cut] = []
    var slow: [Int] = []
    for (position, sight) in seen.enumerated() {
      guard let bound = bound(sight.phase) else { continue }
      let age = now - sight.since
      if age >= bound {
        cuts.append(Cut(position: position, reason: .tooSlow))
      } else if age >= patience {
        slow.append(position)
      }
    }
    guard cuts.isEmpty, seen.count >= connections else { return cuts }
    // An eighth at a time: each look makes room for many who wait, and few who are merely slow suffer.
    slow.sort { seen[$0].since < seen[$1].since }
    return slow.prefix(max(1, connections / 8)).map { Cut(position: $0, reason: .makesRoom) }
  }
}

extension Duration {
  /// In nanoseconds, at most 292 years.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, isLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return isLarge ? .max / 4 : min(.max / 4, whole &+ attoseconds / 1_000_000_000)
  }
}
