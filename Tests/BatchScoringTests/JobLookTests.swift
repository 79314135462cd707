import BatchScoring
import Compute
import Telemetry
import TestSupport
import Testing

/// What somebody who watches a run sees of its jobs.
@Suite struct JobLookTests {
  @Test func changesOfNodesComeOnceAndInPieces() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/jobs.sqlite"
      #expect(try JobStore.look(at: path, jobs: 5, afterNodeState: 0, nodeStates: 10) == nil)
      let store = try JobStore(path: path)
      for second in 0..<5 {
        try store.record(
          NodeTransition(node: second + 1, state: .idle, at: .seconds(second)), of: "local",
          at: Timestamp(milliseconds: Int64(second)))
      }
      let first = try #require(try JobStore.look(at: path, jobs: 5, afterNodeState: 0, nodeStates: 3))
      #expect(first.nodeStates.map(\.node) == [1, 2, 3])
      let second = try #require(
        try JobStore.look(at: path, jobs: 5, afterNodeState: first.lastNodeState, nodeStates: 3))
      #expect(second.nodeStates.map(\.node) == [4, 5])
      let third = try #require(
        try JobStore.look(at: path, jobs: 5, afterNodeState: second.lastNodeState, nodeStates: 3))
      #expect(third.nodeStates.isEmpty && third.lastNodeState == second.lastNodeState)
      #expect(third.jobs.isEmpty && third.counts.isEmpty)
      #expect(try store.nodeStates().count == 5)
    }
  }
}
