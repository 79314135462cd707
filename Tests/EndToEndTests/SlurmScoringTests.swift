import Foundation
import Subprocess
import Supervision
import SystemPackage
import TestSupport
import Testing

/// Scoring on a real Slurm that `.ci/slurm` starts on this machine.
@Suite(.timeLimit(.minutes(30))) struct SlurmScoringTests {
  /// Skipped where the package slurm-wlm is missing, or without the root that a cluster needs.
  private static let canStartSlurm =
    getuid() == 0 && ["slurmctld", "slurmd"].allSatisfy { access("/usr/sbin/\($0)", X_OK) == 0 }

  /// A cluster of four nodes for the length of `body`, which gets its folder and the environment that names it.
  private func withCluster(
    _ options: [String] = [], _ body: (_ folder: String, _ environment: [String: String]) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { parent in
      let folder = "\(parent)/cluster"
      do {
        try await slurm(["start", folder, "4"] + options)
        try await body(folder, ["SLURM_CONF": "\(folder)/slurm.conf"])
      } catch {
        try? await slurm(["stop", folder])
        throw error
      }
      try await slurm(["stop", folder])
    }
  }

  private func slurm(_ arguments: [String]) async throws {
    let result = try await Subprocess.run(
      .path(FilePath("\(SondeProgram.packageRoot)/.ci/slurm")), arguments: Arguments(arguments),
      output: .discarded, error: .string(limit: 1 << 16))
    try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
  }

  private func nodesThatAreOff(_ environment: [String: String]) async throws -> Int {
    let result = try await Subprocess.run(
      .name("sinfo"), arguments: ["--noheader", "--states=powered_down", "--format=%D"],
      environment: .inherit.updating(["SLURM_CONF": environment["SLURM_CONF"]]),
      output: .string(limit: 4096), error: .discarded)
    let counts = result.standardOutput.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    return counts.reduce(0, +)
  }

  /// A `squeue` before the real one that does not answer every second question about an array, as a controller that is busy.
  private func forgetful(squeueIn folder: String) throws -> [String: String] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let real = try #require(ExecutablePath.find("squeue"))
    try """
    #!/bin/sh
    case "$*" in *--array*)
      echo asked >>'\(folder)/asked'
      if [ $(($(wc -l <'\(folder)/asked') % 2)) -eq 0 ]; then
        echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2
        exit 1
      fi ;;
    esac
    exec '\(real)' "$@"
    """.write(toFile: "\(folder)/squeue", atomically: true, encoding: .utf8)
    chmod("\(folder)/squeue", 0o755)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return ["PATH": "\(folder):\(path)"]
  }

  private static let settings = ["--cron", "0 */6 * * *", "--mini-batch-size", "2"]

  private func localOutputs() async throws -> [String: Data] {
    try await ScoringRun.with { run in
      #expect(try await run.schedule(Self.settings) == .exited(code: 0))
      return try run.outputs()
    }
  }

  /// One and four nodes; a worker killed in each; the coordinator killed and taken up.
  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func slurmWritesTheSameBytesWhoeverIsKilled() async throws {
    let expected = try await localOutputs()
    #expect(expected.count == 4)
    let variants: [(nodes: Int, crashAt: CrashPoint?)] = [
      (1, nil), (1, .partWritten), (4, nil), (4, .partWritten), (4, .tasksRecorded),
    ]
    try await withCluster { folder, cluster in
      try await ScoringRun.with { run in
        let environment = cluster.merging(try forgetful(squeueIn: "\(folder)/bin")) { $1 }
        let arguments = Self.settings + ["--compute", "slurm", "--max-instances", "4"]
        #expect(try await run.schedule(arguments, environment: environment) == .exited(code: 0))
        #expect(try run.outputs() == expected, "a controller that does not always answer")
        #expect(
          try String(contentsOfFile: "\(folder)/bin/asked", encoding: .utf8).count > 12, "it has refused")
      }
      for (nodes, point) in variants {
        try await ScoringRun.with { run in
          let marker = "\(run.folder)/crashed"
          var environment = cluster
          if let point { environment["SONDE_CRASH_AT"] = "\(point.rawValue)#1@\(marker)" }
          let arguments = Self.settings + ["--compute", "slurm", "--max-instances", "\(nodes)"]
          var saidPowerSaving = false
          func schedule(_ environment: [String: String]) async throws -> ServiceExit {
            try await run.schedule(arguments, environment: environment) { _, line in
              if line.contains("the cluster has no power saving") { saidPowerSaving = true }
            }
          }
          var exit = try await schedule(environment)
          if point == .tasksRecorded {
            #expect(exit == .killed(signal: SIGKILL))
            exit = try await schedule(environment)
          }
          #expect(saidPowerSaving)
          #expect(exit == .exited(code: 0), "\(nodes) nodes, \(point?.rawValue ?? "undisturbed")")
          #expect(try run.outputs() == expected, "\(nodes) nodes, \(point?.rawValue ?? "undisturbed")")
          #expect(FileManager.default.fileExists(atPath: marker) == (point != nil))
          let list = try await run.sonde(["jobs", "list", run.folder])
          #expect(list.contains("completed"))
          #expect(list.firstMatch(of: #/ n[1-4](,| |\n)/#) != nil, "Slurm's names of the nodes: \(list)")
          #expect(try await run.sonde(["compute", "show", run.folder]).contains("slurm-1"))
        }
      }
    }
  }

  /// Every node is switched off before the first job, and the cluster switches on what the job array needs.
  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func nodesThatTheClusterHasSwitchedOffComeBackForAJob() async throws {
    let expected = try await localOutputs()
    try await withCluster(["power-saving"]) { folder, environment in
      func power() -> String { (try? String(contentsOfFile: "\(folder)/power.log", encoding: .utf8)) ?? "" }
      try await ScoringRun.with { run in
        while try await nodesThatAreOff(environment) < 4 { try await Task.sleep(for: .milliseconds(200)) }
        #expect(power() == "off n[1-4]\n")
        var said = ""
        let exit = try await run.schedule(
          Self.settings + ["--compute", "slurm", "--max-instances", "2"], environment: environment
        ) { _, line in said += line }
        #expect(exit == .exited(code: 0))
        #expect(said.contains("nodes come and go by the cluster's own power saving (SuspendTime 2 sec"))
        #expect(power().contains("on n"))
        #expect(try run.outputs() == expected)
      }
    }
  }

  /// A whole scenario, from the fleet to the verdict, with its predictions made on the cluster.
  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func aScenarioScoresOnSlurmWhatItScoresHere() async throws {
    func predictions(_ folder: String, _ more: [String], _ environment: [String: String]) async throws
      -> [String: Data]
    {
      let outcome = try await SondeProgram.run(
        [
          "run", "\(SondeProgram.packageRoot)/Scenarios/quickstart.yaml", "--out", "\(folder)/run",
          "--set", "scoring.cron=0 */6 * * *",
        ] + more, environment: environment.mapValues { $0 })
      #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
      return try ScoringRun(folder: "\(folder)/run").outputs()
    }
    let here = try await withTemporaryFolder { try await predictions($0, [], [:]) }
    try await withCluster { _, environment in
      let there = try await withTemporaryFolder {
        try await predictions(
          $0, ["--set", "scoring.compute=slurm", "--set", "compute={slurm: {max_instances: 4}}"], environment)
      }
      #expect(here.count >= 4)
      #expect(there == here)
    }
  }

  /// A scoring script on the cluster's nodes, in their own processes.
  @Test(
    .enabled(if: canStartSlurm, "needs root and the package slurm-wlm"),
    .enabled(if: Python.plain != nil, Python.plainIsMissing))
  func aScriptScoresTheSameOnSlurm() async throws {
    func outputs(_ more: [String], _ environment: [String: String?]) async throws -> [String: Data] {
      try await ScoringRun.with { run in
        let endpoint = try run.endpoint(ScoringRun.script(), settings: ["mini_batch_size: 2"])
        let outcome = try await run.score(endpoint, more, environment: environment)
        #expect(outcome.status == 0 && outcome.failed.isEmpty, "\(outcome.errors)")
        try await run.expectNoProcessIsLeft("\(more)")
        return try run.outputs()
      }
    }
    let here = try await outputs([], [:])
    try await withCluster { _, environment in
      let there = try await outputs(
        ["--compute", "slurm", "--max-instances", "4"], environment.mapValues { $0 })
      #expect(here.count == 2 && there == here)
    }
  }

  /// Cluster sizes that are measured as real arrays. They give the same bytes, or the sweep would fail.
  @Test(.enabled(if: canStartSlurm, "needs root and the package slurm-wlm"))
  func clusterSizesAreMeasuredOnSlurm() async throws {
    try await withCluster { _, environment in
      try await withTemporaryFolder { folder in
        let outcome = try await SondeProgram.run(
          [
            "run", "\(SondeProgram.packageRoot)/Scenarios/cluster-sizes.yaml", "--out", "\(folder)/run",
            "--set",
            "fleet[0].count=8", "--set", "clock.duration=10h", "--set", "scoring.every=2h", "--set",
            "clusters.measure={ matrix: { nodes: [1, 2, 4], mini_batch_size: 1 }, repeats: 1, target: slurm }",
            "--set", "expect=[\"cluster[nodes=4,mode=measured].makespan_seconds > 0\"]",
          ], environment: environment.mapValues { $0 })
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        let table = try String(contentsOfFile: "\(folder)/run/clusters.csv", encoding: .utf8)
        #expect(table.split(separator: "\n").count { $0.contains("measured") && $0.contains("slurm") } == 3)
      }
    }
  }

  @Test func withoutSlurmItSaysWhichPackageIsMissing() async throws {
    try await ScoringRun.with { run in
      let outcome = try await SondeProgram.run(
        [
          "schedule", run.folder, "--from", "2026-01-01T12:00:00Z", "--every", "1h", "--compute", "slurm",
          "--train-from", "2026-01-01T00:00:00Z", "--train-to", "2026-01-01T12:00:00Z",
        ],
        environment: ["PATH": "/nowhere"])
      #expect(outcome.status == 69)
      #expect(outcome.errors.contains("slurm-wlm"))
    }
  }
}
