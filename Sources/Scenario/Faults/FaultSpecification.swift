import Telemetry

/// A fault as a scenario asks for it.
package struct FaultSpecification: Hashable, Sendable {
  /// Offset from the start of the clock.
  package var at: Duration
  package var kind: FaultKind
  package var target: FaultTarget
  /// How long it lasts, in wall-clock time; zero where it does not.
  package var length = Duration.zero
  /// How far a clock steps.
  package var by = Duration.zero
  /// Whether a broker saves its state before it is killed.
  package var saved = false

  package init(
    at: Duration, kind: FaultKind, target: FaultTarget, length: Duration = .zero, by: Duration = .zero,
    saved: Bool = false
  ) {
    self.at = at
    self.kind = kind
    self.target = target
    self.length = length
    self.by = by
    self.saved = saved
  }

  package var needs: FaultNeeds { kind.needs(target) }

  /// Whether it ends ingestion, which is then started again.
  package var killsIngestion: Bool { target == .ingestion && (kind == .kill || kind == .powerCut) }

  /// As a scenario would say it.
  package var text: String {
    var parts = ["at: \(at.text)", "\(kind.name): \(target.rawValue)"]
    if length > .zero { parts.append("for: \(length.text)") }
    if by != .zero { parts.append("by: \(by.text)") }
    if saved { parts.append("saved: true") }
    return "{ \(parts.joined(separator: ", ")) }"
  }
}
