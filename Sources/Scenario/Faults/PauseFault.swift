import Files
import Foundation

/// SIGSTOP of a part, and SIGCONT after a time: a machine that swaps, a virtual machine that is moved.
struct PauseFault: PipelineFault {
  static let name = "pause"
  static let about = "SIGSTOP of a part, and SIGCONT after a time."
  static let targets = [FaultTarget.ingestion, .broker]
  static let length = FaultLength.required

  private let fault: ScenarioDocument.Fault
  private var processID: Int32 = 0
  private var resume: @Sendable () -> Void = {}

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds {
    fault.target == .broker ? .ownBroker : []
  }

  init(_ fault: ScenarioDocument.Fault) { self.fault = fault }

  func canBegin(_ parts: RunningParts) -> Bool {
    fault.target == .broker ? parts.broker != nil : parts.ingestion?.exit == nil && parts.ingestion != nil
  }

  mutating func begin(_ parts: RunningParts) async throws {
    if fault.target == .broker, let broker = parts.broker {
      let service = broker.service
      processID = service.processID
      service.send(signal: SIGSTOP)
      resume = { service.send(signal: SIGCONT) }
    } else if let ingestion = parts.ingestion {
      processID = ingestion.processID
      ingestion.send(signal: SIGSTOP)
      resume = { ingestion.send(signal: SIGCONT) }
    }
    parts.paused.insert(fault.target)
  }

  func happened(_ parts: RunningParts) -> String? {
    // The state follows the name, which is in parentheses: T for stopped.
    guard let text = try? TextFile.text(of: "/proc/\(processID)/stat"), let end = text.lastIndex(of: ")"),
      text[end...].dropFirst(2).first == "T"
    else { return nil }
    return "SIGSTOP of \(fault.target.rawValue)"
  }

  func end(_ parts: RunningParts) async throws {
    resume()
    parts.paused.remove(fault.target)
  }
}
