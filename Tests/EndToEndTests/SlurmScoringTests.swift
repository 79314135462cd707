import Foundation
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// Scoring on a real Slurm that `.ci/slurm` starts on this machine.
@Suite(.timeLimit(.minutes(3))) struct SlurmScoringTests {
  /// Skipped where the package slurm-wlm is missing, or without the root that a cluster needs.
  private static let canStartSlurm =
    getuid() == 0 && ["slurmctld", "slurmd"].allSatisfy { access("/usr/sbin/\($0)", X_OK) == 0 }

  private func cluster(_ arguments: String...) async throws {
    let result = try await Subprocess.run(
      .path(FilePath("\(SondeProgram.packageRoot)/.ci/slurm")), arguments: Arguments(arguments),
      output: .discarded, error: .string(limit: 1 << 16))
    try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
  }

  /// One and four nodes; a worker killed in each; the coordinator killed and taken up.
  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func slurmWritesTheSameBytesWhoeverIsKilled() async throws {
    let settings = ["--cron", "0 */6 * * *", "--mini-batch-size", "2"]
    let expected = try await ScoringRun.with { run in
      #expect(try await run.schedule(settings) == .exited(code: 0))
      return try run.outputs()
    }
    #expect(expected.count == 4)
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-slurm-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let variants: [(nodes: Int, crashAt: CrashPoint?)] = [
      (1, nil), (1, .partWritten), (4, nil), (4, .partWritten), (4, .tasksRecorded),
    ]
    do {
      try await cluster("start", folder, "4")
      for (nodes, point) in variants {
        try await ScoringRun.with { run in
          let marker = "\(run.folder)/crashed"
          var environment = ["SLURM_CONF": "\(folder)/slurm.conf"]
          if let point { environment["SONDE_CRASH_AT"] = "\(point.rawValue)#1@\(marker)" }
          let arguments = settings + ["--compute", "slurm", "--max-instances", "\(nodes)"]
          var saidPowerSaving = false
          var exit = try await run.schedule(arguments, environment: environment) { _, line in
            if line.contains("the cluster has no power saving") { saidPowerSaving = true }
          }
          #expect(saidPowerSaving)
          if point == .tasksRecorded {
            #expect(exit == .killed(signal: SIGKILL))
            exit = try await run.schedule(arguments, environment: environment)
          }
          #expect(exit == .exited(code: 0), "\(nodes) nodes, \(point?.rawValue ?? "undisturbed")")
          #expect(try run.outputs() == expected, "\(nodes) nodes, \(point?.rawValue ?? "undisturbed")")
          #expect(FileManager.default.fileExists(atPath: marker) == (point != nil))
          #expect(try await run.sonde(["jobs", "list", run.folder]).contains("completed"))
          #expect(try await run.sonde(["compute", "show", run.folder]).contains("slurm-1"))
        }
      }
    } catch {
      try? await cluster("stop", folder)
      throw error
    }
    try await cluster("stop", folder)
  }

  @Test func withoutSlurmItSaysWhichPackageIsMissing() async throws {
    try await ScoringRun.with { run in
      let outcome = try await SondeProgram.run(
        ["schedule", run.folder, "--from", "2026-01-01T12:00:00Z", "--every", "1h", "--compute", "slurm"],
        environment: ["PATH": "/nowhere"])
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("slurm-wlm"))
    }
  }
}
