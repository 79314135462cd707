import Files
import RealTimeScoring
import Telemetry
import TestSupport
import Testing

/// What is written down of replicas.
@Suite struct ReplicaRecordTests {
  private func record(_ second: Int64, _ replica: Int, _ state: ReplicaState, _ reason: String = "")
    -> ReplicaRecord
  {
    ReplicaRecord(
      at: Timestamp(milliseconds: second * 1000), replica: replica, process: 700 + Int32(replica),
      state: state,
      reason: reason)
  }

  @Test func whatIsWrittenIsRead() async throws {
    try await withTemporaryFolder { folder in
      let records = [
        record(0, 1, .starting, "it is wanted"), record(1, 1, .ready, "a “quote\", a comma"),
        record(2, 1, .killed, "signal 9\nand a line"),
        ReplicaRecord(at: Timestamp(milliseconds: 5), replica: 2, process: nil, state: .gone, reason: ""),
      ]
      let path = "\(folder)/replicas.csv"
      try AtomicFile.write(ReplicaRecord.header + records.map(\.line).joined(), to: path)
      #expect(try ReplicaRecord.read(path) == records)
    }
  }

  @Test(arguments: [
    ("noon,1,7,ready,", "“noon” is no time"),
    ("2026-01-01T00:00:00Z,0,7,ready,", "“0” is no number of a replica"),
    ("2026-01-01T00:00:00Z,1,x,ready,", "“x” is no number of a process"),
    ("2026-01-01T00:00:00Z,1,7,asleep,", "“asleep” is no state of a replica"),
  ])
  func whatCannotBeReadIsSaid(line: String, words: String) async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/replicas.csv"
      try AtomicFile.write(ReplicaRecord.header + line + "\n", to: path)
      let error = #expect(throws: CSVError.self) { try ReplicaRecord.read(path) }
      #expect(error?.line == 2 && error?.reason == words)
    }
  }

  @Test func livesAreCountedFromTheirStart() {
    let usage = ReplicaUsage([
      record(0, 1, .starting), record(2, 1, .ready), record(3, 2, .starting), record(4, 2, .ready),
      record(10, 1, .killed), record(10, 1, .starting), record(11, 3, .starting), record(12, 1, .ready),
      record(14, 2, .draining), record(20, 2, .gone), record(21, 3, .killed),
    ])
    #expect(usage.mostReplicas == 3)
    #expect(usage.lives.map(\.replica) == [1, 2, 1, 3])
    #expect(usage.lives.map { $0.to?.milliseconds } == [10_000, 20_000, nil, 21_000])
    #expect(usage.lives.map { $0.ready?.milliseconds } == [2_000, 4_000, 12_000, nil])
    #expect(usage.lives.map(\.state) == [.killed, .gone, .ready, .killed])
    #expect(usage.openLives.map(\.replica) == [1])
    #expect(usage.seconds(at: Timestamp(milliseconds: 30_000)) == 10 + 17 + 20 + 10)
  }

  /// A replica that ends and is started again at the same instant is one.
  @Test func aRestartIsNotTwoAtATime() {
    let usage = ReplicaUsage([
      record(0, 1, .starting), record(1, 1, .ready), record(2, 1, .gone), record(2, 1, .starting),
    ])
    #expect(usage.mostReplicas == 1)
  }
}
