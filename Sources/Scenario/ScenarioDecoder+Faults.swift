import Telemetry

/// A part that breaks, and where the document says when.
struct PlacedFault {
  var fault: ScenarioDocument.Fault
  var place: ScenarioFault.Place
}

extension ScenarioDecoder {
  /// The faults of the document. `seed` draws the random ones.
  func breaks(_ reader: MappingReader, seed: UInt64) -> [PlacedFault] {
    let isForeign = reader.node("broker") != nil
    let isScored = reader.node("scoring") != nil
    return (reader.list("faults") ?? []).flatMap { node -> [PlacedFault] in
      guard let entry = MappingReader(node, ScenarioSchema.fault, faults) else { return [] }
      // Every key is read, so that whatever is wrong is said at once.
      let at = entry.duration("at", allowsZero: true)
      let length = entry.duration("for")
      let by = entry.read("by", "a duration such as 1h or -1h") { $0.text.flatMap(Self.signedDuration) }
      let saved = entry.boolean("saved")
      let between = entry.span("between")
      let count = entry.wholeNumber("random", minimum: 1)
      let kinds = FaultCatalogue.kinds.filter { entry.node($0.name) != nil }
      let targets = kinds.map { kind in
        entry.choice(kind.name, kind.targets.map(\.rawValue)).flatMap(FaultTarget.init(rawValue:))
      }
      if entry.node("random") != nil {
        guard kinds.isEmpty else { return [] }
        for key in ["at", "for", "by", "saved"] where entry.node(key) != nil {
          faults.add(entry.place(of: key), "\(key): random faults draw it themselves")
        }
        guard entry.node("between") != nil else {
          faults.add(entry.place, "random needs “between”, such as [10m, 50m]")
          return []
        }
        guard let count, let between else { return [] }
        let drawn = RandomFaults.faults(count: count, between: between, seed: seed) { fault in
          Self.obstacle(fault, isForeign: isForeign, isScored: isScored) == nil
        }
        return drawn.map { PlacedFault(fault: $0, place: entry.place(of: "between")) }
      }
      guard kinds.count == 1, let kind = kinds.first, let target = targets.first ?? nil else { return [] }
      if entry.node("at") == nil { faults.add(entry.place, "\(kind.name) needs “at”, when it happens") }
      check(entry, kind, target, length)
      guard let at else { return [] }
      let fault = ScenarioDocument.Fault(
        at: at, kind: kind, target: target, length: length ?? .zero, by: by ?? .zero, saved: saved ?? false)
      if let obstacle = Self.obstacle(fault, isForeign: isForeign, isScored: isScored) {
        faults.add(entry.place(of: kind.name), "\(kind.name): \(obstacle)")
      }
      return [PlacedFault(fault: fault, place: entry.place(of: "at"))]
    }
  }

  /// Adds a fault for every key that does not go with the kind, or is missing.
  private func check(
    _ entry: MappingReader, _ kind: any PipelineFault.Type, _ target: FaultTarget, _ length: Duration?
  ) {
    let name = kind.name
    if entry.node("between") != nil { faults.add(entry.place(of: "between"), "between: only random has it") }
    switch kind.length {
    case .none where entry.node("for") != nil:
      faults.add(entry.place(of: "for"), "for: \(name) does not last")
    case .required where entry.node("for") == nil:
      faults.add(entry.place, "\(name) needs “for”, how long it lasts")
    default: break
    }
    if let length, length > FaultCatalogue.longest {
      faults.add(
        entry.place(of: "for"),
        "for: at most \(FaultCatalogue.longest.text): beyond that, parts give each other up")
    }
    let isStep = kind == ClockStepFault.self
    if isStep, entry.node("by") == nil {
      faults.add(entry.place, "\(name) needs “by”, how far the clock steps")
    }
    if !isStep, entry.node("by") != nil { faults.add(entry.place(of: "by"), "by: only clock_step has it") }
    if entry.node("saved") != nil, kind != KillFault.self || target != .broker {
      faults.add(entry.place(of: "saved"), "saved: only a broker that is killed has a state to save")
    }
  }

  /// Why `fault` cannot happen in this scenario; nil where it can.
  private static func obstacle(_ fault: ScenarioDocument.Fault, isForeign: Bool, isScored: Bool) -> String? {
    let needs = fault.kind.needs(fault)
    if needs.contains(.ownBroker), isForeign {
      return "the broker is not ours to break; leave “broker” out, and the run starts its own"
    }
    if needs.contains(.noScoring), isScored {
      return "the scheduler has the same file open, and would lose its power as well; leave “scoring” out"
    }
    return nil
  }

  private static func signedDuration(_ text: String) -> Duration? {
    let isNegative = text.hasPrefix("-")
    guard let duration = Duration(text: isNegative ? String(text.dropFirst()) : text),
      duration > .zero
    else { return nil }
    return isNegative ? .zero - duration : duration
  }
}
