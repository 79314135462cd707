import Scenario

/// A connection to the broker breaks in the middle of a packet, by way of a relay that knows where packets begin and end; for a
/// time nobody may connect again.
struct CutInjector: FaultInjector {
  private let fault: FaultSpecification
  private var cutsBefore = 0

  init(_ fault: FaultSpecification) { self.fault = fault }

  func canBegin(_ parts: any BreakableParts) -> Bool {
    parts.isPresent(fault.target)
  }

  mutating func begin(_ parts: any BreakableParts) async throws {
    guard let relay = parts.relay(of: fault.target) else { return }
    cutsBefore = relay.cuts.count
    // In turn: once on the way to the broker, once on the way back.
    parts.cutsOrdered += 1
    relay.cutConnections(towardsBroker: parts.cutsOrdered.isMultiple(of: 2), refusing: fault.length > .zero)
  }

  func happened(_ parts: any BreakableParts) -> String? {
    guard let relay = parts.relay(of: fault.target), relay.cuts.count > cutsBefore else { return nil }
    let cut = relay.cuts[cutsBefore]
    return fault.target == .stream
      ? "the stream's connection to the service was cut after \(cut.passed) of \(cut.total) bytes that came at once"
      : "a connection of \(fault.target.rawValue) was cut \(cut)"
  }

  func end(_ parts: any BreakableParts) async throws {
    parts.relay(of: fault.target)?.refuseConnections(false)
  }
}
