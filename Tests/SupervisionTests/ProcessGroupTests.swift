import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Children with children of their own, which stand still and go on together.
@Suite(.timeLimit(.minutes(30))) struct ProcessGroupTests {
  /// A group whose leader has one child; both count up in files, a hundred times a second, and end by themselves when the folder has gone.
  private func start(in folder: String) async throws -> Service {
    let script = """
      setpgrp; my $name = fork ? "leader" : "child";
      for (1..60000) {
        open my $file, ">", "$ARGV[0]/$name" or exit; print $file $_; close $file;
        select undef, undef, undef, 0.01;
      }
      """
    return try await Service.start(
      name: "group", executable: "perl", arguments: ["-e", script, folder], log: "\(folder)/log")
  }

  private func counts(in folder: String) -> [String] {
    ["child", "leader"].map { (try? TextFile.text(of: "\(folder)/\($0)")) ?? "" }
  }

  private func states(of group: ProcessGroup) throws -> [Character] {
    try Processes.inGroup(of: group.leader).compactMap(Processes.state)
  }

  private func allowed(_ process: Int32) throws -> Substring {
    let lines = try TextFile.text(of: "/proc/\(process)/status").split(separator: "\n")
    return try #require(lines.first { $0.hasPrefix("Cpus_allowed_list:") }).split(separator: "\t")[1]
  }

  private func wait(until isTrue: () throws -> Bool) async throws {
    while try !isTrue() { try await Task.sleep(for: .milliseconds(2)) }
  }

  @Test func theChildrenOfAChildStandStillWithIt() async throws {
    try await withTemporaryFolder { folder in
      let service = try await start(in: folder)
      let group = ProcessGroup(leader: service.processID)
      try await wait { group.exists && counts(in: folder).allSatisfy { !$0.isEmpty } }
      group.send(signal: SIGSTOP)
      try await wait { try states(of: group).allSatisfy { $0 == "T" } }
      #expect(try states(of: group).count == 2)
      let before = counts(in: folder)
      try await Task.sleep(for: .milliseconds(100))
      #expect(counts(in: folder) == before)
      group.send(signal: SIGCONT)
      try await wait { zip(counts(in: folder), before).allSatisfy { $0 != $1 && !$0.isEmpty } }
      group.send(signal: SIGKILL)
      #expect(try await service.exit() == .killed(signal: SIGKILL))
      try await wait { try states(of: group).isEmpty }
    }
  }

  @Test func eachChildGetsAProcessorAndTheLeaderStaysFree() async throws {
    let processors = ProcessGroup.processors
    #expect(!processors.isEmpty && Set(processors).count == processors.count)
    try await withTemporaryFolder { folder in
      let service = try await start(in: folder)
      let group = ProcessGroup(leader: service.processID)
      try await wait { group.exists && counts(in: folder).allSatisfy { !$0.isEmpty } }
      for processor in processors {
        group.spreadChildren(over: [processor])
        let found = try Processes.inGroup(of: group.leader)
        #expect(found.count == 2)
        for process in found where process != group.leader {
          #expect(try allowed(process) == "\(processor)")
        }
      }
      #expect(try allowed(group.leader) == allowed(getpid()))
      // Those of this process are as they were.
      #expect(ProcessGroup.processors == processors)
      group.send(signal: SIGKILL)
      _ = try await service.exit()
    }
  }
}
