import Files
import Foundation
import Supervision
import TestSupport
import Testing

/// Children with children of their own, which stand still and go on together.
@Suite struct ProcessGroupTests {
  /// A group whose leader has one child; both count up in files as fast as they can.
  private func start(in folder: String) async throws -> Service {
    let script = """
      count() { n=0; while :; do n=$((n+1)); echo $n > "$1"; done; }
      count '\(folder)/child' & count '\(folder)/leader'
      """
    return try await Service.start(
      name: "group", executable: "setsid", arguments: ["sh", "-c", script], log: nil)
  }

  private func counts(in folder: String) -> [String] {
    ["child", "leader"].map { (try? TextFile.text(of: "\(folder)/\($0)")) ?? "" }
  }

  private func states(of group: ProcessGroup) throws -> [Substring] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init)
      .filter { getpgid($0) == group.leader }
      .compactMap { try? TextFile.text(of: "/proc/\($0)/stat").split(separator: " ")[2] }
  }

  private func allowed(in group: ProcessGroup) throws -> [(id: Int32, processors: String)] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init)
      .filter { getpgid($0) == group.leader }
      .map { id in
        let lines = try TextFile.text(of: "/proc/\(id)/status").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("Cpus_allowed_list:") })
        return (id, String(line.split(separator: "\t")[1]))
      }
  }

  private func wait(until isTrue: () throws -> Bool) async throws {
    while try !isTrue() { try await Task.sleep(for: .milliseconds(2)) }
  }

  @Test(.timeLimit(.minutes(1))) func theChildrenOfAChildStandStillWithIt() async throws {
    try await withTemporaryFolder { folder in
      let service = try await start(in: folder)
      let group = ProcessGroup(leader: service.processID)
      try await wait { group.exists && counts(in: folder).allSatisfy { !$0.isEmpty } }
      group.send(signal: SIGSTOP)
      try await wait { try states(of: group).allSatisfy { $0 == "T" } }
      #expect(try states(of: group).count == 2)
      let before = counts(in: folder)
      try await Task.sleep(for: .milliseconds(30))
      #expect(counts(in: folder) == before)
      group.send(signal: SIGCONT)
      try await wait { zip(counts(in: folder), before).allSatisfy { $0 != $1 && !$0.isEmpty } }
      group.send(signal: SIGKILL)
      #expect(try await service.exit() == .killed(signal: SIGKILL))
      try await wait { try states(of: group).isEmpty }
    }
  }

  @Test(.timeLimit(.minutes(1))) func eachChildGetsAProcessorAndTheLeaderStaysFree() async throws {
    let processors = ProcessGroup.processors
    #expect(!processors.isEmpty && Set(processors).count == processors.count)
    try await withTemporaryFolder { folder in
      let service = try await start(in: folder)
      let group = ProcessGroup(leader: service.processID)
      try await wait { group.exists && counts(in: folder).allSatisfy { !$0.isEmpty } }
      for processor in processors {
        group.spreadChildren(over: [processor])
        let found = try allowed(in: group)
        #expect(found.count == 2)
        for process in found where process.id != group.leader {
          #expect(process.processors == "\(processor)")
        }
      }
      let own = try allowed(in: ProcessGroup(leader: getpgid(0))).first { $0.id == getpid() }
      #expect(try allowed(in: group).first { $0.id == group.leader }?.processors == own?.processors)
      // Those of this process are as they were.
      #expect(ProcessGroup.processors == processors)
      group.send(signal: SIGKILL)
      _ = try await service.exit()
    }
  }
}
