/// A part of a run that a fault can hit.
package enum FaultTarget: String, CaseIterable, Sendable {
  case ingestion
  case broker
  case fleet
  case store
  /// What scores inside the stream, and the service that it asks.
  case stream
  case replica
  case haproxy

  /// Whether only scoring inside the stream has it.
  package var isOfStream: Bool { self == .stream || self == .replica || self == .haproxy }
}

/// Whether a kind of fault lasts.
package enum FaultLength: Hashable, Sendable {
  /// It may last; by default it does not.
  case optional
  /// A scenario says how long.
  case required
}

/// What has to be in place, before the parts of a run start, for a fault to be possible.
package struct FaultNeeds: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// A broker that the run has started itself.
  package static let ownBroker = FaultNeeds(rawValue: 1)
  /// A relay between ingestion and the broker.
  package static let ingestionRelay = FaultNeeds(rawValue: 2)
  /// A relay between the fleet and the broker.
  package static let fleetRelay = FaultNeeds(rawValue: 4)
  /// Ingestion under `FaultControl`.
  package static let control = FaultNeeds(rawValue: 8)
  /// Ingestion whose death is a power cut.
  package static let heldWrites = FaultNeeds(rawValue: 16)
  /// Nobody but ingestion and the run has the store open.
  package static let noScoring = FaultNeeds(rawValue: 32)
  /// A relay between the stream and the scoring service.
  package static let streamRelay = FaultNeeds(rawValue: 64)
}

/// The ways in which the parts of a run break. What a scenario may say of each is here; how each is carried out is a file of its
/// own in `Harness/Faults`.
package enum FaultKind: String, CaseIterable, Sendable {
  case kill
  case pause
  case cut
  case powerCut = "power_cut"
  case diskFull = "disk_full"
  case lock
  case clockStep = "clock_step"

  /// The longest a fault may last: beyond it the parts give each other up, by bounds of their own.
  package static let longest = Duration.seconds(20)

  /// The key in a scenario.
  package var name: String { rawValue }

  /// What happens, in a sentence.
  package var about: String {
    switch self {
    case .kill: "kill -9 of a part, which is started again, at once or after a time."
    case .pause: "SIGSTOP of a part, and SIGCONT after a time."
    case .cut:
      "Connections to the broker, or of the stream to its scoring service, break in the middle, and cannot be made again for a time."
    case .powerCut: "Ingestion's machine loses its power: what was not synced is lost, or torn."
    case .diskFull: "The disk of the store is full for a time."
    case .lock: "Another process holds the store's write lock for a time."
    case .clockStep: "Ingestion's wall clock steps forth or back, for a time or to the end."
    }
  }

  package var targets: [FaultTarget] {
    switch self {
    case .kill: [.ingestion, .broker, .stream, .replica, .haproxy]
    case .pause: [.ingestion, .broker, .stream, .replica]
    case .cut: [.ingestion, .fleet, .stream]
    case .powerCut, .clockStep: [.ingestion]
    case .diskFull, .lock: [.store]
    }
  }

  package var length: FaultLength {
    switch self {
    case .kill, .cut, .powerCut, .clockStep: .optional
    case .pause, .diskFull, .lock: .required
    }
  }

  /// Whether it halts or ends the process that it hits.
  package var stopsProcess: Bool { self == .kill || self == .pause || self == .powerCut }

  package func needs(_ target: FaultTarget) -> FaultNeeds {
    switch self {
    case .kill, .pause: target == .broker ? .ownBroker : []
    case .cut: target == .fleet ? .fleetRelay : target == .stream ? .streamRelay : .ingestionRelay
    case .powerCut: [.control, .heldWrites, .noScoring]
    case .diskFull, .clockStep: .control
    case .lock: []
    }
  }
}
