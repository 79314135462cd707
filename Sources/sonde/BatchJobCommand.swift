import ArgumentParser
import Foundation
import Service
import Supervision

/// The process of a job of a batch endpoint; started by `sonde serve --batch`, not by people.
struct BatchJobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch-job", abstract: "Runs one job of a batch endpoint.", shouldDisplay: false)

  @Argument(help: "The folder in which a server keeps the job.")
  var folder: String

  func run() async throws {
    let stop = StopSignal()
    try await BatchJobRun(
      JobPaths(folder),
      worker: { ScoringCommandSupport.worker(of: $0, singleJob: true) },
      target: { compute, deployment, folder, jobs in try compute.target(for: deployment, folder, jobs) },
      stop: stop.flag, now: { ScoringCommandSupport.now() },
      log: { StandardError.write("\(ScoringCommandSupport.now()) \($0)") }
    ).run()
  }
}
