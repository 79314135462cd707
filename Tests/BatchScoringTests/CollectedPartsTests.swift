import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import Telemetry
import TestSupport
import Testing

/// Parts go as soon as their rows are in the prediction file, and a job is resumed from what has been put together, as far as it
/// can be trusted.
@Suite struct CollectedPartsTests {
  private let hour = ScoringFixture.hour
  private var cut: JobCut { JobCut(after: hour(12), fire: hour(13)) }
  private static let devices = 8

  /// A run with a window that fails in the fourth task.
  private func trained(_ run: ScoringFixture) async throws -> Deployment {
    var windows = ScoringFixture.windows(devices: Self.devices, hours: 13)
    windows.removeAll {
      $0.device.name == "pump-3" && $0.start == hour(12.5) && $0.sensor.name == "temperature"
    }
    try run.store(windows, watermark: hour(13))
    let trainer = Trainer(folder: run.folder, layout: ModelLayout(), settings: ModelSettings(), threads: 2)
    _ = try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
    return Deployment(miniBatchSize: .devices(1))
  }

  private struct Files {
    let tasks: String
    var rows: String { "\(tasks)/rows" }
    var lines: String { "\(tasks)/collected" }

    var parts: [String] {
      get throws {
        try FileManager.default.contentsOfDirectory(atPath: tasks).filter { $0.hasSuffix(".part") }.sorted()
      }
    }
  }

  /// Stops a job after `done` tasks, lets `damage` happen, and goes on. Returns the tasks that the second life has done, and
  /// the outputs.
  private func resumed(
    after done: Int, _ damage: (Files) throws -> Void = { _ in }
  ) async throws -> (tasks: [Int], outputs: [String: String]) {
    var result: (tasks: [Int], outputs: [String: String]) = ([], [:])
    try await ScoringFixture.with { run in
      let deployment = try await trained(run)
      let jobs = try JobStore(path: run.folder.jobs)
      let first = try await run.runner(deployment, InProcessTarget(stopAfter: done), jobs).run(cut)
      #expect(first.state == .running)
      let files = Files(tasks: run.folder.job(cut.id).tasks)
      // That of the window that failed is still needed.
      #expect(try files.parts == (done > 3 ? ["task-3.part"] : []))
      #expect(try TextFile.text(of: files.lines).split(separator: "\n").count == done)
      try damage(files)
      let target = InProcessTarget()
      let job = try await run.runner(deployment, target, jobs).run(cut)
      #expect(job.state == .completed)
      #expect(job.predictions == 12 * Self.devices - 1 && job.failedRows == 1)
      #expect(try jobs.tasks(of: cut.id).allSatisfy { $0.state == "completed" })
      #expect(!FileManager.default.fileExists(atPath: files.tasks))
      result = (target.tasksRun.withLock { $0 }, try run.outputs())
    }
    return result
  }

  private func undisturbed() async throws -> [String: String] {
    var outputs: [String: String] = [:]
    try await ScoringFixture.with { run in
      let deployment = try await trained(run)
      _ = try await run.runner(deployment, InProcessTarget(), JobStore(path: run.folder.jobs)).run(cut)
      outputs = try run.outputs()
    }
    #expect(outputs.count == 3)
    return outputs
  }

  @Test func whatIsPutTogetherIsNotDoneAgain() async throws {
    let expected = try await undisturbed()
    for done in 1..<Self.devices {
      let (tasks, outputs) = try await resumed(after: done)
      #expect(tasks == Array(done..<Self.devices))
      #expect(outputs == expected)
    }
  }

  /// Killed while it wrote: behind the rows, and behind the lines, is the beginning of something.
  @Test func whatNobodyVouchesForIsCutOff() async throws {
    let expected = try await undisturbed()
    let (tasks, outputs) = try await resumed(after: 5) { files in
      try append("pump-5,*,2026-01-01T", to: files.rows)
      try append("{\"part\":{\"by", to: files.lines)
    }
    #expect(tasks == [5, 6, 7])
    #expect(outputs == expected)
  }

  /// Not even the header of the rows has reached the disk.
  @Test func rowsWithoutAHeaderAreNoBeginning() async throws {
    let expected = try await undisturbed()
    for size in [0, 10] {
      let (tasks, outputs) = try await resumed(after: 1) { files in
        let bytes = try TextFile.bytes(of: files.rows).prefix(size)
        try AtomicFile.write(bytes, to: files.rows, existing: .replace)
        // As of a first task without a row.
        var line = try TextFile.text(of: files.lines)
        line.replace(/"(bytes|predictions|rows)":\d+/) { "\"\($0.output.1)\":0" }
        let header = Digest.sha256(text: PredictionFile.header)
        line.replace(/"sha256":"[0-9a-f]+"/) { _ in "\"sha256\":\"\(header)\"" }
        try AtomicFile.write(line, to: files.lines, existing: .replace)
      }
      #expect(tasks == Array(0..<Self.devices))
      #expect(outputs == expected)
    }
  }

  /// The lines are there, and the rows are not: as far as the digests agree, they are used.
  @Test func afterAPowerCutTheRestIsDoneAgain() async throws {
    let expected = try await undisturbed()
    let (tasks, outputs) = try await resumed(after: 6) { files in
      let bytes = try TextFile.bytes(of: files.rows)
      // Of the fifth task's rows the last is missing.
      let rows = bytes.split(separator: 0x0A).prefix(1 + 12 * 5 - 2)
      try AtomicFile.write(
        rows.joined(separator: [0x0A]) + [0x0A], to: files.rows, existing: .replace)
    }
    #expect(tasks == [4, 5, 6, 7])
    #expect(outputs == expected)
  }

  @Test func aPartWithFailedRowsThatIsGoneIsDoneAgain() async throws {
    let expected = try await undisturbed()
    let (tasks, outputs) = try await resumed(after: 6) { files in
      try FileManager.default.removeItem(atPath: "\(files.tasks)/task-3.part")
    }
    #expect(tasks == [3, 4, 5, 6, 7])
    #expect(outputs == expected)
  }

  /// Numbers that nobody has written, in a line and in the part that stays.
  @Test(arguments: ["-1", "9223372036854775807", "1152921504606846976"]) func senselessNumbersAreNoPart(
    number: String
  ) async throws {
    let expected = try await undisturbed()
    for key in ["bytes", "failedBytes"] {
      let (tasks, outputs) = try await resumed(after: 6) { files in
        for path in [files.lines, "\(files.tasks)/task-3.part"] {
          var lines = try TextFile.text(of: path).split(separator: "\n").map(String.init)
          let place = path == files.lines ? 3 : lines.count - 1
          lines[place].replace(try Regex("\"\(key)\":[0-9]+"), with: "\"\(key)\":\(number)")
          try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: path, existing: .replace)
        }
      }
      #expect(tasks == [3, 4, 5, 6, 7])
      let isSame = outputs == expected
      #expect(isSame, "\(key)")
    }
  }

  @Test(arguments: UInt64(1)...16) func noHalfWrittenFileChangesAByte(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed, stream: "damage")
    let expected = try await undisturbed()
    let (_, outputs) = try await resumed(after: 1 + generator.index(below: Self.devices - 1)) { files in
      for path in [files.rows, files.lines, "\(files.tasks)/task-3.part"]
      where FileManager.default.fileExists(atPath: path) {
        var bytes = try TextFile.bytes(of: path)
        guard !bytes.isEmpty else { continue }
        switch generator.next() % 5 {
        // A part says how long it is, and not what.
        case 0 where path.hasSuffix(".part"): continue
        case 0: bytes[generator.index(below: bytes.count)] ^= 1 << UInt8(generator.next() % 8)
        case 1: bytes.removeLast(generator.index(below: bytes.count + 1))
        case 2: bytes += bytes.prefix(generator.index(below: bytes.count))
        case 3: bytes = []
        default: continue
        }
        try AtomicFile.write(bytes, to: path, existing: .replace)
      }
    }
    let isSame = outputs == expected
    #expect(isSame, "seed \(seed)")
  }

  /// What failed in a job is tried again, and the windows have gone meanwhile: they fail again, and are not forgotten.
  @Test func rowsWhoseWindowsHaveGoneFailAgain() async throws {
    try await ScoringFixture.with { run in
      let deployment = try await trained(run)
      let model = "\(run.folder.models)/device_pump-6.model"
      let aside = "\(run.folder.path)/aside"
      try FileManager.default.moveItem(atPath: model, toPath: aside)
      let jobs = try JobStore(path: run.folder.jobs)
      #expect(try await run.runner(deployment, InProcessTarget(), jobs).run(cut).failedRows == 13)
      try FileManager.default.moveItem(atPath: aside, toPath: model)
      for end in ["", "-wal", "-shm"] { unlink(run.folder.store + end) }
      var windows = ScoringFixture.windows(devices: Self.devices, hours: 13)
      windows.removeAll { $0.device.name == "pump-6" && $0.start < hour(12.5) || $0.device.name == "pump-3" }
      try run.store(windows, watermark: hour(13))

      let again = JobCut(failedRowsOf: cut)
      let job = try await run.runner(deployment, InProcessTarget(), jobs).run(again)
      #expect(job.state == .completed && job.predictions == 6 && job.failedRows == 7)
      let reasons = try FailedReasons(of: run.folder.job(again.id)).most
      #expect(reasons.map(\.rows) == [7] && reasons[0].reason == "the window is not in the store any more")
    }
  }

  private func append(_ text: String, to path: String) throws {
    let file = try #require(FileHandle(forWritingAtPath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
  }
}
