import Documents
import Telemetry

/// A part that breaks, and where the document says when.
struct LocatedFault {
  var fault: FaultSpecification
  var location: SourceLocation
}

extension ScenarioDecoder {
  /// A process beside ingestion that has the store open.
  private enum StoreReader: String {
    case scheduler = "the scheduler"
    case stream = "what scores inside the stream"
  }

  /// The faults of the document. `seed` draws the random ones.
  func breaks(_ reader: MappingReader, seed: UInt64) -> [LocatedFault] {
    let isForeign = reader.node("broker") != nil
    let scorer: StoreReader? =
      reader.node("scoring") != nil ? .scheduler : reader.node("stream_scoring") != nil ? .stream : nil
    return (reader.list("faults") ?? []).flatMap { node -> [LocatedFault] in
      guard let entry = MappingReader(node, ScenarioSchema.fault, diagnostics) else { return [] }
      // Every key is read, so that whatever is wrong is said at once.
      let at = entry.duration("at", allowsZero: true)
      let length = entry.duration("for")
      let by = entry.read("by", "a duration such as 1h or -1h") { $0.text.flatMap(Self.signedDuration) }
      let saved = entry.boolean("saved")
      let between = entry.span("between")
      let count = entry.wholeNumber("random")
      let kinds = FaultKind.allCases.filter { entry.node($0.name) != nil }
      let targets = kinds.map { kind in
        entry.choice(kind.name, kind.targets.map(\.rawValue)).flatMap(FaultTarget.init(rawValue:))
      }
      if entry.node("random") != nil {
        guard kinds.isEmpty else { return [] }
        for key in ["at", "for", "by", "saved"] where entry.node(key) != nil {
          diagnostics.add(entry.location(of: key), "\(key): random faults draw it themselves")
        }
        guard entry.node("between") != nil else {
          diagnostics.add(entry.location, "random needs “between”, such as [10m, 50m]")
          return []
        }
        guard let count, let between else { return [] }
        let drawn = RandomFaults.faults(count: count, between: between, seed: seed) { fault in
          Self.obstacle(fault, isForeign: isForeign, scorer: scorer) == nil
        }
        return drawn.map { LocatedFault(fault: $0, location: entry.location(of: "between")) }
      }
      guard kinds.count == 1, let kind = kinds.first, let target = targets.first ?? nil else { return [] }
      if entry.node("at") == nil {
        diagnostics.add(entry.location, "\(kind.name) needs “at”, when it happens")
      }
      check(entry, kind, target, length)
      guard let at else { return [] }
      let fault = FaultSpecification(
        at: at, kind: kind, target: target, length: length ?? .zero, by: by ?? .zero, saved: saved ?? false)
      if let obstacle = Self.obstacle(fault, isForeign: isForeign, scorer: scorer) {
        diagnostics.add(entry.location(of: kind.name), "\(kind.name): \(obstacle)")
      }
      return [LocatedFault(fault: fault, location: entry.location(of: "at"))]
    }
  }

  /// Adds a fault for every key that does not go with the kind, or is missing.
  private func check(
    _ entry: MappingReader, _ kind: FaultKind, _ target: FaultTarget, _ length: Duration?
  ) {
    let name = kind.name
    if entry.node("between") != nil {
      diagnostics.add(entry.location(of: "between"), "between: only random has it")
    }
    if kind.length == .required, entry.node("for") == nil {
      diagnostics.add(entry.location, "\(name) needs “for”, how long it lasts")
    }
    if let length, length > FaultKind.longest {
      diagnostics.add(
        entry.location(of: "for"),
        "for: at most \(FaultKind.longest.text): beyond that, parts give each other up")
    }
    if kind == .kill, target == .replica || target == .haproxy, entry.node("for") != nil {
      diagnostics.add(
        entry.location(of: "for"), "for: the service starts \(target.rawValue) again by itself, and at once")
    }
    let isStep = kind == .clockStep
    if isStep, entry.node("by") == nil {
      diagnostics.add(entry.location, "\(name) needs “by”, how far the clock steps")
    }
    if !isStep, entry.node("by") != nil {
      diagnostics.add(entry.location(of: "by"), "by: only clock_step has it")
    }
    if entry.node("saved") != nil, kind != .kill || target != .broker {
      diagnostics.add(entry.location(of: "saved"), "saved: only a broker that is killed has a state to save")
    }
  }

  /// Why `fault` cannot happen in this scenario; nil where it can.
  private static func obstacle(_ fault: FaultSpecification, isForeign: Bool, scorer: StoreReader?) -> String?
  {
    let needs = fault.needs
    if needs.contains(.ownBroker), isForeign {
      return "the broker is not ours to break; leave “broker” out, and the run starts its own"
    }
    if needs.contains(.noScoring), let scorer {
      return "\(scorer.rawValue) has the same file open, and would lose its power as well; leave "
        + (scorer == .scheduler ? "“scoring” out" : "“stream_scoring” out")
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
