import Files
import Harness
import Telemetry
import TestSupport
import Testing

@Suite struct RunFolderTests {
  @Test func ofManyThatMakeOneFolderAtOnceOneSucceeds() async throws {
    try await withTemporaryFolder { folder in
      let made = await withTaskGroup { group in
        for _ in 0..<20 { group.addTask { (try? RunFolder.create(at: "\(folder)/run")) != nil } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(made == 1)
    }
  }

  @Test func aFileIsNoFolderForARun() async throws {
    try await withTemporaryFolder { folder in
      try AtomicFile.write("mine", to: "\(folder)/notes")
      #expect { try RunFolder.create(at: "\(folder)/notes") } throws: { "\($0)".contains("is a file") }
      #expect { try RunFolder.create(at: folder) } throws: { "\($0)".contains("is not empty") }
    }
  }

  @Test func runsOfOneSecondHaveNamesOfTheirOwn() {
    let now = Timestamp(milliseconds: 1_767_225_600_999)
    #expect(RunFolder.standardFolder(scenario: "a", now: now) == "runs/a-20260101T000000Z")
    #expect(RunFolder.standardFolder(scenario: "a", now: now, number: 2) == "runs/a-20260101T000000Z-2")
  }
}
