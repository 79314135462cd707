import Foundation
import Subprocess
import Supervision
import SystemPackage
import Wording

/// The commands of Slurm that a target uses, of the cluster that they find, by `SLURM_CONF` where that is set.
struct SlurmCommands: Sendable {
  /// For messages.
  private let target: String
  private let sbatch: String
  private let squeue: String
  private let scancel: String
  private let scontrol: String

  /// Throws ``ComputeError`` where they are missing.
  init(for target: String) throws(ComputeError) {
    func command(_ program: String) throws(ComputeError) -> String {
      guard let path = ExecutablePath.find(program) else {
        throw ComputeError(
          "compute target \(target.quoted): there is no \(program.quoted) on this machine; install the package slurm-wlm "
            + "(apt-get install slurm-wlm), or use the target local", isUnavailable: true)
      }
      return path
    }
    self.target = target
    sbatch = try command("sbatch")
    squeue = try command("squeue")
    scancel = try command("scancel")
    scontrol = try command("scontrol")
  }

  /// Submits a job, and returns its number.
  func submit(_ arguments: [String]) async throws -> String {
    let output = try await call(sbatch, ["--parsable"] + arguments)
    // Of several clusters the name follows after a semicolon.
    let id = output.prefix { $0.isNumber }
    guard !id.isEmpty else {
      throw ComputeError("sbatch answered \(output.quoted) where a job number was expected")
    }
    return String(id)
  }

  /// The states of the elements of an array, as far as Slurm still knows them.
  func elementStates(of id: String) async throws -> [Int: ElementState] {
    do {
      return ElementState.states(
        squeue: try await call(
          squeue,
          [
            "--array", "--noheader", "--states=all", "--jobs=\(id)", "--format=\(ElementState.squeueFormat)",
          ]))
    } catch let error as ComputeError where error.description.contains("Invalid job id") {
      return [:]
    }
  }

  /// Cancels an array, or an element of one; false where Slurm does not do that. What an element still writes is what any other
  /// attempt writes.
  @discardableResult
  func cancel(array id: String) async -> Bool { (try? await call(scancel, [id])) != nil }

  /// Cancels what runs under `label` and waits for its end, but not for what is ending: a node that does not answer keeps that for
  /// minutes.
  func endArray(named label: String) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + ComputeDefaults.slurmEndWait
    let states = "--states=PENDING,RUNNING,SUSPENDED,CONFIGURING"
    while try await !call(squeue, ["--noheader", "--name=\(label)", states, "--format=%A"]).isEmpty {
      guard clock.now < deadline else {
        throw ComputeError(
          "an earlier array \(label.quoted) does not end; see “squeue --name=\(label)”", isUnavailable: true)
      }
      _ = try await call(scancel, ["--name=\(label)"])
      try await Task.sleep(for: ComputeDefaults.slurmStateInterval)
    }
  }

  /// What the cluster does with nodes that nobody needs.
  func powerSaving() async throws -> SlurmPowerSaving {
    SlurmPowerSaving(configuration: try await call(scontrol, ["show", "config"]))
  }

  /// What `program` prints. Throws ``ComputeError`` with what it complains about.
  private func call(_ program: String, _ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments), output: .string(limit: 1 << 24),
      error: .string(limit: 1 << 16))
    guard result.terminationStatus == .exited(0) else {
      let text = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
      throw ComputeError("compute target \(target.quoted): \(program): \(text)", isUnavailable: true)
    }
    return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
