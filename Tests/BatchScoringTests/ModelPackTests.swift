import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry
import Testing

/// The packed form of models, which training writes and jobs read.
@Suite(.timeLimit(.minutes(30))) struct ModelPackTests {
  private let hour = ScoringFixture.hour

  /// The files of the predictions of a run whose models `change` has had its way with before the jobs.
  private func outputs(_ change: (RunFolder) throws -> Void) async throws -> [String: String] {
    var outputs: [String: String] = [:]
    try await ScoringFixture.with { run in
      try await train(run)
      try change(run.folder)
      try await run.schedule(run.configuration())
      outputs = try run.outputs()
    }
    return outputs
  }

  /// Trains as the schedule will want it, which then goes on with jobs.
  @discardableResult
  private func train(_ run: ScoringFixture) async throws -> TrainingRecord {
    try run.store(ScoringFixture.windows(), watermark: hour(14.2))
    let configuration = run.configuration()
    let trainer = Trainer(
      folder: run.folder, layout: configuration.deployment.layout,
      settings: configuration.deployment.model, threads: 2)
    return try await trainer.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
  }

  private func pack(_ folder: RunFolder) -> String { "\(folder.models).sqlite" }

  @Test func predictionsAreTheSameWithItAndWithout() async throws {
    let packed = try await outputs { #expect(FileManager.default.fileExists(atPath: pack($0))) }
    #expect(packed.count >= 4)
    let plain = try await outputs { try FileManager.default.removeItem(atPath: pack($0)) }
    #expect(plain == packed)
    // Files that come from elsewhere are other files than those that were packed.
    let copied = try await outputs { folder in
      try FileManager.default.copyItem(atPath: folder.models, toPath: folder.models + "-2")
      try FileManager.default.removeItem(atPath: folder.models)
      try FileManager.default.moveItem(atPath: folder.models + "-2", toPath: folder.models)
    }
    #expect(copied == packed)
  }

  /// It is a cache: training says that it is not there, and does the rest.
  @Test func trainingGoesOnWhereItCannotBeWritten() async throws {
    let expected = try await outputs { try FileManager.default.removeItem(atPath: pack($0)) }
    try await ScoringFixture.with { run in
      // No file takes the place of a folder.
      try FileManager.default.createDirectory(
        atPath: pack(run.folder), withIntermediateDirectories: true)
      let record = try await train(run)
      let failure = try #require(record.packFailure)
      #expect(failure.contains("models.sqlite"), "\(failure)")
      #expect(try TrainingSetup.read(run.folder) == record.setup)
      try await run.schedule(run.configuration())
      #expect(try run.outputs() == expected)
    }
  }

  @Test(arguments: ["nothing", "text", "a part", "another version"])
  func oneThatCannotBeReadIsNone(kind: String) async throws {
    let expected = try await outputs { _ in }
    let damaged = try await outputs { folder in
      let path = pack(folder)
      let bytes = try TextFile.bytes(of: path)
      switch kind {
      case "nothing": try AtomicFile.write([UInt8](), to: path, existing: .replace)
      case "text": try AtomicFile.write("these are no models", to: path, existing: .replace)
      case "a part": try AtomicFile.write(bytes[..<(bytes.count / 2)], to: path, existing: .replace)
      default:
        // SQLite keeps the user version in the bytes from 60 on.
        var changed = bytes
        changed[63] = 99
        try AtomicFile.write(changed, to: path, existing: .replace)
      }
    }
    #expect(damaged == expected)
  }

  /// As long as nothing shows that the files have changed, they are not read; as soon as something does, they are.
  @Test func aModelIsReadFromItsFilesOnceTheyHaveChanged() async throws {
    let stem = "device_pump-1"
    let kept = try await outputs { folder in try garble("\(folder.models)/\(stem).model", keepingTime: true) }
    #expect(!kept.keys.contains { $0.hasSuffix("failed.csv") })
    for ending in ["model", "json"] {
      let read = try await outputs { folder in
        try garble("\(folder.models)/\(stem).\(ending)", keepingTime: false)
      }
      let failed = read.filter { $0.key.hasSuffix("failed.csv") }.map(\.value).joined()
      #expect(failed.contains("pump-1") && !failed.contains("pump-2"), "\(failed)")
      let missing = try await outputs { folder in
        try FileManager.default.removeItem(atPath: "\(folder.models)/\(stem).\(ending)")
      }
      #expect(missing.filter { $0.key.hasSuffix("failed.csv") }.map(\.value).joined().contains("pump-1"))
    }
  }

  /// Overwrites the middle of a file, in place.
  private func garble(_ path: String, keepingTime: Bool) throws {
    let time = try #require(FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    var status = stat()
    #expect(stat(path, &status) == 0)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seek(toOffset: UInt64(status.st_size / 2))
    try file.write(contentsOf: Data("@@@@".utf8))
    try file.close()
    var times = [status.st_atim, status.st_mtim]
    if !keepingTime { times[1].tv_sec = Int(time.timeIntervalSince1970) + 1 }
    #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
  }

  /// A worker that has models and a pack open sees models that were trained anew.
  @Test func aWarmWorkerTakesTheNewModels() async throws {
    try await ScoringFixture.with { run in
      try await train(run)
      let worker = ScoringWorker()
      func score(_ name: String) throws -> Set<String> {
        let files = run.folder.job(name)
        try FileManager.default.createDirectory(atPath: files.tasks, withIntermediateDirectories: true)
        let devices = (0..<4).compactMap { DeviceID("pump-\($0)") }
        try JobDescription(
          job: name, store: run.folder.store, models: run.folder.models, layout: ModelLayout(),
          visibleAfter: hour(12), visibleThrough: hour(14), tasks: [devices]
        ).write(to: files.description)
        _ = try worker.perform(WorkerRequest(input: files.description, task: 0, attempt: 1))
        let rows = try TextFile.text(of: files.part(0)).split(separator: "\n").dropLast()
        return Set(rows.map { String($0.split(separator: ",")[6]) })
      }
      let first = try score("one")
      #expect(first.count == 4)
      #expect(try score("two") == first)
      let other = Trainer(
        folder: run.folder, layout: ModelLayout(), settings: ModelSettings(nu: 0.2), threads: 1)
      _ = try await other.train(TrainingRange(from: ScoringFixture.start, to: hour(12)))
      let second = try score("three")
      #expect(second.count == 4 && second.isDisjoint(with: first))
    }
  }

  @Test func oneThatIsGivenUpLeavesNothing() async throws {
    try await ScoringFixture.with { run in
      try await train(run)
      let before = try TextFile.bytes(of: pack(run.folder))
      let names = try FileManager.default.contentsOfDirectory(atPath: run.folder.path).sorted()
      do {
        let writer = try ModelPackWriter(models: run.folder.models)
        try writer.add(stem: "device_pump-0")
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.path).count == names.count + 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.path).sorted() == names)
      #expect(try TextFile.bytes(of: pack(run.folder)) == before)

      // Of one that was killed, the next one removes what it has left.
      try AtomicFile.write("half", to: "\(pack(run.folder)).99.tmp")
      let writer = try ModelPackWriter(models: run.folder.models)
      try writer.add(stem: "device_pump-0")
      #expect(try writer.finish() == pack(run.folder))
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder.path).sorted() == names)
    }
  }
}
