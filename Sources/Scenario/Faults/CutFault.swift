/// A connection to the broker breaks in the middle of a packet, by way of a relay that knows where packets begin and end; for a
/// time nobody may connect again.
struct CutFault: PipelineFault {
  static let name = "cut"
  static let about = "Connections to the broker break inside a packet, and cannot be made again for a time."
  static let targets = [FaultTarget.ingestion, .fleet]
  static let length = FaultLength.optional

  private let fault: ScenarioDocument.Fault
  private var cutsBefore = 0

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds {
    fault.target == .fleet ? .fleetRelay : .ingestionRelay
  }

  init(_ fault: ScenarioDocument.Fault) { self.fault = fault }

  func canBegin(_ parts: RunningParts) -> Bool {
    fault.target == .fleet ? parts.fleet != nil : parts.ingestion != nil
  }

  mutating func begin(_ parts: RunningParts) async throws {
    guard let relay = parts.relay(of: fault.target) else { return }
    cutsBefore = relay.cuts.count
    // In turn: once on the way to the broker, once on the way back.
    parts.cutsOrdered += 1
    relay.cutConnections(towardsBroker: parts.cutsOrdered.isMultiple(of: 2), refusing: fault.length > .zero)
  }

  func happened(_ parts: RunningParts) -> String? {
    guard let relay = parts.relay(of: fault.target), relay.cuts.count > cutsBefore else { return nil }
    return "a connection of \(fault.target.rawValue) was cut \(relay.cuts[cutsBefore])"
  }

  func end(_ parts: RunningParts) async throws {
    parts.relay(of: fault.target)?.refuseConnections(false)
  }
}
