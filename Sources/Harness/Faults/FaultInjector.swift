import MQTT
import Scenario

/// What faults can do to the parts of a run.
protocol BreakableParts: AnyObject {
  /// Whether a process is there that could be broken.
  func isPresent(_ target: FaultTarget) -> Bool
  func processID(of target: FaultTarget) -> Int32?
  /// Halts the process with SIGSTOP; returns what resumes it. Nil where there is no process.
  func halt(_ target: FaultTarget) -> (@Sendable () -> Void)?
  /// Parts that faults have halted at this moment.
  var halted: Set<FaultTarget> { get set }

  /// Kills ingestion, which stays dead until ``ingestionMayRun()``.
  func killIngestion() async
  func ingestionMayRun()
  /// Kills what scores inside the stream, which stays dead until ``streamMayRun()``.
  func killStream() async
  func streamMayRun()

  /// Lets the broker save what it holds; returns the digest of what it saved.
  func saveBroker() async throws -> String
  func killBroker() async throws
  func restartBroker() async throws

  /// What lies between a part that faults cut off and the broker, or the scoring service.
  func relay(of target: FaultTarget) -> ByteRelay?
  /// Connections cut so far on purpose.
  var cutsOrdered: Int { get set }

  /// The path of a file of `FaultControl`.
  func control(_ file: String) -> String
  /// The path of the log of a part.
  func log(_ part: String) -> String
  func lockStore() throws
  func unlockStore() throws
  /// Closes our connection to the store and removes the index that SQLite's processes share in memory.
  func forgetSharedMemory()
}

/// Carries out one kind of fault; a file each. It is begun when event time has come to the fault, has happened as soon as there is
/// evidence of it, and is ended when it has lasted as long as the scenario says.
protocol FaultInjector {
  init(_ fault: FaultSpecification)

  /// Whether the part that it hits is there; else the fault waits.
  func canBegin(_ parts: any BreakableParts) -> Bool
  /// Makes it happen. Throws where it cannot be done.
  mutating func begin(_ parts: any BreakableParts) async throws
  /// What has happened, in words; nil while there is no evidence yet.
  mutating func happened(_ parts: any BreakableParts) throws -> String?
  /// Puts right what was broken.
  mutating func end(_ parts: any BreakableParts) async throws
}

extension FaultInjector {
  func canBegin(_ parts: any BreakableParts) -> Bool { true }
}

extension FaultKind {
  /// What carries it out.
  var injector: any FaultInjector.Type {
    switch self {
    case .kill: KillInjector.self
    case .pause: PauseInjector.self
    case .cut: CutInjector.self
    case .powerCut: PowerCutInjector.self
    case .diskFull: DiskFullInjector.self
    case .lock: LockInjector.self
    case .clockStep: ClockStepInjector.self
    }
  }
}

/// Why a fault could not be carried out.
struct FaultError: Error, CustomStringConvertible {
  var fault: String
  var reason: String

  var description: String { "the fault \(fault) could not be carried out: \(reason)" }
}
