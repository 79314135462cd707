import Files
import Foundation
import Supervision

/// SIGSTOP of a part, and SIGCONT after a time: a machine that swaps, a virtual machine that is moved.
struct PauseFault: PipelineFault {
  static let name = "pause"
  static let about = "SIGSTOP of a part, and SIGCONT after a time."
  static let targets = [FaultTarget.ingestion, .broker]
  static let length = FaultLength.required
  static let stopsProcess = true

  private let fault: ScenarioDocument.Fault
  private var processID: Int32 = 0
  private var resume: @Sendable () -> Void = {}
  /// Resumes the part when its input ends: when we say so, and when we die. A process that is halted would else outlive us,
  /// because it cannot take the signal that tells it of our death.
  private var keeper: Service?

  static func needs(_ fault: ScenarioDocument.Fault) -> FaultNeeds {
    fault.target == .broker ? .ownBroker : []
  }

  init(_ fault: ScenarioDocument.Fault) { self.fault = fault }

  func canBegin(_ parts: RunningParts) -> Bool {
    fault.target == .broker ? parts.broker != nil : parts.ingestion?.exit == nil && parts.ingestion != nil
  }

  mutating func begin(_ parts: RunningParts) async throws {
    guard let halted = fault.target == .broker ? parts.broker?.service.processID : parts.ingestion?.processID
    else { return }
    processID = halted
    let keeper = try await Service.start(
      name: "keeper", executable: "sh",
      arguments: ["-c", "trap '' TERM; echo ready; read line; kill -CONT \(halted)"],
      log: parts.layout.log("pause"))
    // Before it has said so, the signal of our death would end the keeper too, and what is halted would stay so.
    for await _ in keeper.lines { break }
    self.keeper = keeper
    if fault.target == .broker, let broker = parts.broker {
      let service = broker.service
      service.send(signal: SIGSTOP)
      resume = { service.send(signal: SIGCONT) }
    } else if let ingestion = parts.ingestion {
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
    keeper?.closeInput()
    _ = try await keeper?.exit()
    parts.paused.remove(fault.target)
  }
}
