/// Where a replica stands.
package enum ReplicaState: String, CaseIterable, Hashable, Sendable, Codable {
  /// Its process runs, and has not said yet that it is ready.
  case starting
  /// It gets requests.
  case ready
  /// It gets no new requests, and answers those that it has.
  case draining
  /// Its process has ended by itself.
  case gone
  /// A signal has ended its process.
  case killed

  /// Whether there is a process.
  package var isThere: Bool { self == .starting || self == .ready || self == .draining }

  /// What a sentence says of a replica that has got into this state.
  var words: String {
    switch self {
    case .starting: "starts"
    case .ready: "is ready"
    case .draining: "drains"
    case .gone: "has gone"
    case .killed: "was killed"
    }
  }
}

/// A replica has changed its state.
package struct ReplicaTransition: Hashable, Sendable {
  /// From 1.
  package var replica: Int
  package var state: ReplicaState
  /// Why, in words for people.
  package var reason: String

  package init(replica: Int, state: ReplicaState, reason: String) {
    self.replica = replica
    self.state = state
    self.reason = reason
  }
}
