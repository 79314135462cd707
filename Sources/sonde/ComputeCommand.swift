import ArgumentParser
import BatchScoring
import Compute
import Foundation
import Telemetry

/// `sonde compute`: compute targets and their nodes.
struct ComputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute", abstract: "Shows compute targets and nodes.", subcommands: [List.self, Show.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists the compute targets of this machine, and how a Slurm cluster saves power.")

    func run() async throws {
      let cores = ProcessInfo.processInfo.activeProcessorCount
      printTable(
        ["TARGET", "CORES", "WORKERS"],
        [
          ["local", "\(cores)", "up to \(ComputeDefaults.maxLocalWorkers)"],
          ["slurm", "-", "up to \(ComputeDefaults.maxSlurmWorkers)"],
        ])
      let logs = NSTemporaryDirectory()
      do {
        let slurm = try SlurmTarget(scale: .fixed(1), coresPerNode: 1, logFolder: logs)
        StandardOutput.write("slurm: \(try await slurm.powerSaving().sentence)")
      } catch let error as ComputeError where error.isUnavailable {
        StandardOutput.write(
          "slurm: no cluster answers: \(error.description.split(separator: "\n").first ?? "")")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract:
        "Shows the nodes of a run, from when to when they were there, and how many node-seconds that was.")

    @Argument(help: "The folder of a run.", completion: .directory)
    var runDir: String

    @Flag(help: "Every change of state as well.")
    var states = false

    func run() throws {
      let store = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs)
      let records = try store.nodeStates()
      let usage = NodeUsage(records)
      let now = ScoringCommandSupport.now()
      printTable(
        ["NODE", "STATE", "FROM", "TO", "SECONDS"],
        usage.lives.map { life in
          [
            "\(life.target)-\(life.node)", life.to == nil ? life.state.rawValue : "gone", "\(life.from)",
            life.to.map { "\($0)" } ?? "-", seconds(((life.to ?? now) - life.from).seconds),
          ]
        })
      StandardOutput.write(
        "\(seconds(usage.seconds(at: now))) node-seconds; at most \(usage.mostNodes) nodes at a time")
      guard states else { return }
      StandardOutput.write("")
      printTable(
        ["TIME", "NODE", "STATE"],
        records.map { ["\($0.at)", "\($0.target)-\($0.node)", $0.state?.rawValue ?? "gone"] })
    }

    private func seconds(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
  }
}
