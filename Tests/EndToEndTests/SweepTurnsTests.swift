import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Jobs that stand still while others have their turns must not stand there for ever.
@Suite struct SweepTurnsTests {
  @Test(.timeLimit(.minutes(30)), arguments: [SIGKILL, SIGINT])
  func aSweepThatIsEndedLeavesNoJobBehind(signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      let run = "\(folder)/run"
      let sweep = try await Service.start(
        name: "sweep", executable: SondeProgram.path,
        arguments: [
          "run", "\(SondeProgram.packageRoot)/Scenarios/cluster-sizes.yaml", "--out", run, "--set",
          "fleet[0].count=10", "--set", "clusters.measure.repeats=30",
        ], log: "\(folder)/log")
      // Some stand still, and their workers with them.
      var groups: Set<Int32> = []
      while try groups.isEmpty || !states(of: groups).contains("T") {
        guard getpgid(sweep.processID) > 0 else {
          Issue.record("the sweep has ended: \(try TextFile.text(of: "\(folder)/log"))")
          return
        }
        groups = Set(try jobs(of: run))
        try await Task.sleep(for: .milliseconds(1))
      }
      sweep.send(signal: signal)
      let end = try await sweep.exit()
      if signal == SIGKILL { #expect(end == .killed(signal: SIGKILL)) }
      let log = try TextFile.text(of: "\(folder)/log")
      if signal == SIGINT { #expect(end == .exited(code: 130), "\(log)") }
      let began = ContinuousClock.now
      while try !states(of: groups).isEmpty || !jobs(of: run).isEmpty {
        if ContinuousClock.now - began > .seconds(300) { break }
        groups.formUnion(try jobs(of: run))
        try await Task.sleep(for: .milliseconds(10))
      }
      let left = try states(of: groups)
      for group in groups where !left.isEmpty { kill(-group, SIGKILL) }
      #expect(left.isEmpty, "processes are left behind in the states \(left)")
    }
  }

  /// Two that look at the same run at the same time, after one that was killed and has left its files there.
  @Test(.timeLimit(.minutes(30))) func twoSweepsOfARunDoNotMeet() async throws {
    try await withTemporaryFolder { folder in
      let run = "\(folder)/run"
      let first = try await SondeProgram.run([
        "run", "Scenarios/cluster-sizes.yaml", "--out", run, "--set", "fleet[0].count=4", "--set",
        "clusters.measure.repeats=1", "--set", "clusters.measure.hold_out=[]", "--set",
        "expect=[readings.lost == 0]",
      ])
      #expect([0, 3].contains(first.status), "\(first.errors)")
      // No process has this number: the kernel's highest is below 2^22.
      let left = "\(run)/cluster-sizes/4194304"
      try Folder.make(left)
      async let one = SondeProgram.run(["clusters", run, "--out", "\(folder)/one"])
      async let other = SondeProgram.run(["clusters", run, "--out", "\(folder)/other"])
      for outcome in [try await one, try await other] {
        #expect([0, 3].contains(outcome.status), "\(outcome.output) \(outcome.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(run)/cluster-sizes"))
    }
  }

  /// The jobs of a sweep, which lead groups.
  private func jobs(of run: String) throws -> [Int32] {
    try Processes.all().filter { id in
      let words = Processes.commandLine(of: id)
      return words.contains("score-size") && words.contains { $0.contains(run) } && getpgid(id) == id
    }
  }

  private func states(of groups: Set<Int32>) throws -> [Character] {
    try Processes.all().filter { groups.contains(getpgid($0)) }.compactMap(Processes.state)
  }
}
