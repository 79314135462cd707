import BatchScoring
import Files
import Foundation
import Scenario
import Supervision

/// Has every other deployment of a comparison train and score, one after the other, when the run's own jobs are over: each in a folder of
/// its own below the run's, which has the run's windows and labels as links. Its jobs are cut as the run's were, because what a job
/// scores follows from the readings alone.
struct DeploymentTrials {
  private let document: ScenarioDocument
  private let executable: String
  private let folder: RunFolder
  private let stop: StopFlag
  private let observe: @Sendable (RunEvent) -> Void

  init(
    _ document: ScenarioDocument, executable: String, folder: RunFolder, stop: StopFlag,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.document = document
    self.executable = executable
    self.folder = folder
    self.stop = stop
    self.observe = observe
  }

  /// Throws ``RunError`` where a deployment's scheduler breaks off. Leaves nothing running.
  func run() async throws {
    for deployment in document.deployments?.trials ?? [] {
      guard let configuration = document.scheduleConfiguration(of: deployment) else { return }
      let own = folder.deployment(deployment.name)
      try Folder.make(own.path)
      for (link, file) in [(own.store, folder.store), (own.labels, folder.labels)] {
        let relative = "../../\((file as NSString).lastPathComponent)"
        guard symlink(relative, link) == 0 else {
          throw FileError(path: link, action: .create, reason: String(cString: strerror(errno)))
        }
      }
      try configuration.write(to: own.schedule)
      try await score(deployment.name, own)
    }
  }

  private func score(_ name: String, _ own: RunFolder) async throws {
    let events = PartEvents()
    let part = try await RunPart.start(
      "schedule-\(name)", executable: executable,
      arguments: [
        "schedule", own.path, "--config", own.schedule, "--until-stdin-closes", "--format", "json",
      ],
      log: folder.log("schedule-\(name)")
    ) { events.scheduler($0) }
    do {
      part.closeInput()
      while part.exit == nil {
        guard !stop.isSet else { throw RunError.interrupted }
        var status = RunStatus()
        status.phase = .comparing
        status.deployment = name
        status.share = 1
        status.jobsCompleted = events.jobsCompleted
        status.modelsTrained = events.modelsTrained
        observe(.status(status))
        try await Task.sleep(for: RunDefaults.pollInterval)
      }
    } catch {
      await part.stop()
      throw error
    }
    // 1 says that a job failed, which is for the expectations to judge.
    if let exit = part.exit, exit != .exited(code: 0), exit != .exited(code: 1) { throw part.failure(exit) }
  }
}
