import Files
import Foundation
import Scenario
import Supervision

/// SIGSTOP of a part, and SIGCONT after a time: a machine that swaps, a virtual machine that is moved.
struct PauseInjector: FaultInjector {
  private let fault: FaultSpecification
  private var processID: Int32 = 0
  private var resume: @Sendable () -> Void = {}
  /// Resumes the part when its input ends: when we say so, and when we die. A process that is halted would else outlive us,
  /// because it cannot take the signal that tells it of our death.
  private var keeper: Service?

  init(_ fault: FaultSpecification) { self.fault = fault }

  func canBegin(_ parts: any BreakableParts) -> Bool { parts.isPresent(fault.target) }

  mutating func begin(_ parts: any BreakableParts) async throws {
    guard let processID = parts.processID(of: fault.target) else { return }
    self.processID = processID
    let keeper = try await Service.start(
      name: "keeper", executable: "sh",
      arguments: ["-c", "trap '' TERM; echo ready; read line; kill -CONT \(processID)"],
      log: parts.log("pause"))
    // Before it has said so, the signal of our death would end the keeper too, and what is halted would stay so.
    for await _ in keeper.lines { break }
    self.keeper = keeper
    resume = parts.halt(fault.target) ?? {}
    parts.halted.insert(fault.target)
  }

  func happened(_ parts: any BreakableParts) -> String? {
    // The state follows the name, which is in parentheses: T for stopped.
    guard let text = try? TextFile.text(of: "/proc/\(processID)/stat"), let end = text.lastIndex(of: ")"),
      text[end...].dropFirst(2).first == "T"
    else { return nil }
    return "SIGSTOP of \(fault.target.rawValue)"
  }

  func end(_ parts: any BreakableParts) async throws {
    resume()
    keeper?.closeInput()
    _ = try await keeper?.exit()
    parts.halted.remove(fault.target)
  }
}
