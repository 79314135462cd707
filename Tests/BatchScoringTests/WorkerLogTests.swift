import BatchScoring
import Files
import Foundation
import TestSupport
import Testing

/// The lines about one job out of the logs of workers, which have all jobs in them.
@Suite struct WorkerLogTests {
  private func write(_ text: String, to path: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  private func task(_ number: Int, of job: String) -> String {
    "task \(number) attempt 1 of /run/predictions/\(job)/tasks/job.json\n"
  }

  @Test func linesFollowTheTaskThatTheyBelongTo() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/worker-1.log"
      try AtomicFile.write("", to: path)
      var logs = WorkerLogs(folder: folder, job: "b")
      try write("starts\n" + task(0, of: "a") + "of a\n" + task(1, of: "b") + "of b\nhalf", to: path)
      let first = try logs.newLines()
      #expect(first.count == 2 && first[1] == "worker-1: of b")
      try write(" a line\n" + task(2, of: "a") + "of a again\n", to: path)
      #expect(try logs.newLines() == ["worker-1: half a line"])
      #expect(try logs.newLines() == [])
    }
  }

  /// A line that is cut off at the beginning of the tail is left out, and so is what belongs to nobody knows which task.
  @Test func aTailBeginsWithAWholeLine() async throws {
    try await withTemporaryFolder { folder in
      let path = "\(folder)/worker-1.log"
      let end = task(7, of: "b") + "the end\n"
      try AtomicFile.write(task(1, of: "b") + String(repeating: "long ", count: 1000) + "\n" + end, to: path)
      for bytes in [end.utf8.count, end.utf8.count + 1, end.utf8.count + 100] {
        var logs = WorkerLogs(folder: folder, job: "b", tailBytes: bytes)
        let lines = try logs.newLines()
        #expect(lines.count == 2 && lines.last == "worker-1: the end", "\(bytes) \(lines)")
      }
      var short = WorkerLogs(folder: folder, job: "b", tailBytes: end.utf8.count - 1)
      #expect(try short.newLines() == [])
      var all = WorkerLogs(folder: folder, job: "b", tailBytes: 1 << 20)
      #expect(try all.newLines().count == 4)
    }
  }
}
