import Telemetry

/// A part of a run that a fault can befall.
package enum FaultTarget: String, CaseIterable, Sendable {
  case ingestion
  case broker
  case fleet
  case store
}

/// Whether a kind of fault lasts.
enum FaultLength: Hashable, Sendable {
  /// It happens, and is over.
  case none
  /// It may last; by default it does not.
  case optional
  /// A scenario says how long.
  case required
}

/// What has to be in place, before the parts of a run start, for a fault to be possible.
struct FaultNeeds: OptionSet, Sendable {
  let rawValue: Int

  /// A broker that the run has started itself.
  static let ownBroker = FaultNeeds(rawValue: 1)
  /// A relay between ingestion and the broker.
  static let ingestionRelay = FaultNeeds(rawValue: 2)
  /// A relay between the fleet and the broker.
  static let fleetRelay = FaultNeeds(rawValue: 4)
  /// Ingestion under ``FaultControl``.
  static let control = FaultNeeds(rawValue: 8)
  /// Ingestion whose death is a power cut.
  static let heldWrites = FaultNeeds(rawValue: 16)
  /// Nobody but ingestion and the run has the store open.
  static let noScoring = FaultNeeds(rawValue: 32)
}

/// A way in which the parts of a run break. One kind a file in `Faults/`; ``FaultCatalogue`` lists them.
///
/// A kind is begun when event time has come to it, has happened as soon as there is evidence of it, and is ended when it has
/// lasted as long as the scenario says.
protocol PipelineFault: Sendable {
  /// The key in a scenario.
  static var name: String { get }
  /// What happens, in a sentence.
  static var about: String { get }
  static var targets: [FaultTarget] { get }
  static var length: FaultLength { get }
  /// Whether it halts or ends the process that it befalls.
  static var stopsProcess: Bool { get }

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds

  init(_ fault: ScenarioDocument.Fault)

  /// Whether what it befalls is there; else it waits.
  func canBegin(_ parts: RunningParts) -> Bool
  /// Makes it happen. Throws where it cannot be done.
  mutating func begin(_ parts: RunningParts) async throws
  /// What has happened, in words; nil while there is no evidence yet.
  mutating func happened(_ parts: RunningParts) throws -> String?
  /// Puts right what was broken.
  mutating func end(_ parts: RunningParts) async throws
}

extension PipelineFault {
  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds { [] }
  func canBegin(_ parts: RunningParts) -> Bool { true }
  func end(_ parts: RunningParts) async throws {}
}

/// The kinds of fault there are.
enum FaultCatalogue {
  static let kinds: [any PipelineFault.Type] = [
    KillFault.self, PauseFault.self, CutFault.self, PowerCutFault.self, DiskFullFault.self, LockFault.self,
    ClockStepFault.self,
  ]

  /// The longest a fault may last: beyond it the parts give the others up, by bounds of their own.
  static let longest = Duration.seconds(20)
}

/// Why a fault could not be carried out.
struct FaultError: Error, CustomStringConvertible {
  var fault: String
  var reason: String

  var description: String { "the fault \(fault) could not be carried out: \(reason)" }
}

extension PipelineFault {
  static var stopsProcess: Bool { false }
}
