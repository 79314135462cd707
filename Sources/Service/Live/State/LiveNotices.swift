import Files

/// What a run says of itself in its log: its plan, its faults as they happen, and what else a person should read. Pure.
package struct LiveNotices: Sendable {
  /// A fault of the plan.
  package struct Fault: Hashable, Sendable {
    package var text: String
    /// What happened, and when; nil before.
    package var what: String?
    package var seconds: Double?
  }

  package struct Notice: Hashable, Sendable {
    package var text: String
    /// Wall-clock seconds since the fleet was started.
    package var seconds: Double
  }

  package private(set) var scenario: String?
  package private(set) var plannedMessages: Int?
  package private(set) var faults: [Fault] = []
  /// Beyond the bound.
  package private(set) var moreFaults = 0
  /// The newest, in order.
  package private(set) var notices: [Notice] = []
  package private(set) var phase: String?
  /// How far that is which comes after the pipeline.
  package private(set) var trial: String?
  private var fleetAt: Int64?
  private var beganAt: Int64?

  package init() {}

  package mutating func take(_ entries: [RunLogEntry]) {
    for entry in entries {
      switch entry.kind {
      case .plan:
        scenario = entry.text
        plannedMessages = entry.messages
        beganAt = entry.atMs
        let planned = entry.faults ?? []
        faults = planned.prefix(LiveDefaults.faults).map { Fault(text: $0) }
        moreFaults = max(0, planned.count - faults.count)
      case .fleet: fleetAt = entry.atMs
      case .phase: phase = entry.text
      case .trial: trial = entry.text
      case .notice: take(notice: entry.text, at: seconds(entry.atMs))
      }
    }
  }

  /// Faults are told as “fault TEXT: what happened”; of two with one text, the first that has not happened is meant.
  private mutating func take(notice text: String, at seconds: Double) {
    let place = faults.indices.first { place in
      faults[place].what == nil && text.hasPrefix("fault \(faults[place].text): ")
    }
    if let place {
      faults[place].what = String(text.dropFirst("fault \(faults[place].text): ".count))
      faults[place].seconds = seconds
      return
    }
    notices.append(Notice(text: text, seconds: seconds))
    if notices.count > LiveDefaults.notices { notices.removeFirst() }
  }

  private func seconds(_ at: Int64) -> Double { Double(at - (fleetAt ?? beganAt ?? at)) / 1000 }
}
