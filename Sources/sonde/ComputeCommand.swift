import ArgumentParser
import BatchScoring
import Compute
import Foundation

/// `sonde compute`: compute targets and their nodes.
struct ComputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute", abstract: "Shows compute targets and nodes.", subcommands: [List.self, Show.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the compute targets of this machine.")

    func run() {
      let cores = ProcessInfo.processInfo.activeProcessorCount
      printTable(
        ["TARGET", "CORES", "WORKERS"],
        [["local", "\(cores)", "up to \(ComputeDefaults.maxLocalWorkers)"]])
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what each node of a run has done.")

    @Argument(help: "The folder of a run.", completion: .directory)
    var runDir: String

    func run() throws {
      let store = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs)
      let tasks = try store.jobs().flatMap { try store.tasks(of: $0.cut.id) }
      let byNode = Dictionary(grouping: tasks.filter { $0.node != nil }) { $0.node ?? 0 }
      printTable(
        ["NODE", "STATE", "WORKERS", "TASKS", "ROWS", "BUSY SECONDS"],
        byNode.sorted { $0.key < $1.key }.map { node, tasks in
          [
            "local-\(node)", tasks.contains { $0.state == "running" } ? "running" : "idle",
            "\(Set(tasks.compactMap(\.worker)).count)", "\(tasks.count)",
            "\(tasks.reduce(0) { $0 + $1.rows })",
            "\((tasks.reduce(0.0) { $0 + ($1.durationMs ?? 0) }.rounded()) / 1000)",
          ]
        })
    }
  }
}
