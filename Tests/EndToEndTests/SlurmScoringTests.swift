import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Scoring on a real Slurm that `.ci/slurm` starts on this machine.
extension ScheduledScoringTests {
  /// Skipped where the package slurm-wlm is missing, or without the root that a cluster needs.
  private static let canStartSlurm =
    getuid() == 0 && ["slurmctld", "slurmd"].allSatisfy { access("/usr/sbin/\($0)", X_OK) == 0 }

  private func cluster(_ arguments: String...) async throws {
    let result = try await Subprocess.run(
      .path(FilePath("\(SondeProgram.packageRoot)/.ci/slurm")), arguments: Arguments(arguments),
      output: .discarded, error: .string(limit: 1 << 16))
    try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
  }

  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func slurmWritesTheSameBytesWithOneAndWithFourNodes() async throws {
    let cron = "0 */6 * * *"
    var expected: [String: Data] = [:]
    try await withRun { run in
      #expect(try await schedule(run, nodes: 1, miniBatchSize: "2", cron: cron) == .exited(0))
      expected = try outputs(run)
    }
    #expect(expected.count == 4)
    let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-slurm-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      try await cluster("start", folder, "4")
      setenv("SLURM_CONF", "\(folder)/slurm.conf", 1)
      for nodes in [1, 4] {
        try await withRun { run in
          let status = try await schedule(run, nodes: nodes, miniBatchSize: "2", cron: cron, compute: "slurm")
          #expect(status == .exited(0))
          #expect(try outputs(run) == expected, "\(nodes) nodes")
          let list = try await SondeProgram.run(["jobs", "list", run]).output
          #expect(list.contains("completed"))
        }
      }
    } catch {
      try? await cluster("stop", folder)
      throw error
    }
    try await cluster("stop", folder)
  }

  @Test func withoutSlurmItSaysWhichPackageIsMissing() async throws {
    try await withRun { run in
      let outcome = try await SondeProgram.run(
        ["schedule", run, "--from", "2026-01-01T12:00:00Z", "--every", "1h", "--compute", "slurm"],
        environment: ["PATH": "/nowhere"])
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("slurm-wlm"))
    }
  }
}
