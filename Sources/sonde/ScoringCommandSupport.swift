import ArgumentParser
import BatchScoring
import Compute
import Files
import Foundation
import Harness
import Modelling
import Supervision
import Telemetry
import Wording

/// What the commands of batch scoring share.
enum ScoringCommandSupport {
  /// The folder of a run, as an absolute path, which workers can use wherever they are.
  static func folder(_ path: String) throws -> RunFolder {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    guard Folder.exists(absolute) else {
      throw ScoringError("\(path): there is no such folder; give the folder of a run")
    }
    guard !SeedFolder.isOne(absolute) else {
      throw ScoringError("\(path) is of runs with several seeds; give the folder of one of them, below it")
    }
    return RunFolder(absolute)
  }

  /// This program as a worker, of one job alone or of the jobs of a schedule.
  static func worker(of deployment: Deployment, singleJob: Bool = false) -> WorkerCommand {
    WorkerCommand(
      executable: ExecutablePath.current,
      arguments: ["score-worker", "--logging-level", deployment.loggingLevel.rawValue]
        + (singleJob ? ["--single-job"] : []))
  }

  /// Runs the job of `work` by hand, says where its predictions are, and leaves with an exit code where there are none.
  static func run(
    _ work: Coordinator.Work, by coordinator: Coordinator, compute: ComputeSettings,
    reporter: ScoringReporter,
    _ failure: FailureOptions
  ) async throws {
    let (folder, deployment, cut) = (coordinator.folder, work.deployment, work.cut)
    let target = try compute.target(for: deployment, folder, coordinator.jobs)
    _ = StopSignal { Task { await target.stop() } }
    let job = try await coordinator.run(
      work, on: target, worker: worker(of: deployment, singleJob: true), now: { now() },
      report: { reporter.report($0) })
    reporter.finish()
    switch job.state {
    case .completed:
      if reporter.format == .text {
        StandardOutput.write(
          "\(job.predictions) windows scored, \(job.failedRows) failed: \(folder.job(cut.id, output: deployment.outputFileName).predictions)"
        )
        if let alarms = job.alarms, alarms > 0 {
          StandardOutput.write(
            "\(alarms) \(alarms == 1 ? "alarm" : "alarms"); “sonde alarms \(folder.path)” says of what, and why"
          )
        }
        if job.failedRows > 0 { StandardOutput.write("why they failed: \(folder.job(cut.id).failed)") }
      }
      try failure.leave(unscored: job.failedRows)
    case .failed, .canceled:
      let failed = folder.job(cut.id).failed
      if reporter.format == .text, FileStamp(failed) != nil {
        StandardError.write("why rows failed: \(failed)")
      }
      throw ExitCode(ExitStatus.expectationFailed)
    case .queued, .provisioning, .running, .finalizing:
      StandardError.write("job \(cut.id) was stopped; the same command goes on with it")
      throw ExitCode(ExitStatus.interrupted)
    }
  }

  /// What --mini-batch-size says; nil where it is not given.
  static func miniBatchSize(_ text: String?) throws(ScoringError) -> MiniBatchSize? {
    guard let text else { return nil }
    guard let size = MiniBatchSize(text) else {
      throw ScoringError("--mini-batch-size \(text.quoted) is neither auto nor a number of devices")
    }
    return size
  }

  static func now() -> Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
  }

  static func instant(_ text: String, _ option: String) throws(ScoringError) -> Timestamp {
    guard let instant = Timestamp(iso8601: text) else {
      throw ScoringError("\(option) \(text.quoted) is not an ISO 8601 time such as 2026-01-01T12:00:00Z")
    }
    return instant
  }
}
