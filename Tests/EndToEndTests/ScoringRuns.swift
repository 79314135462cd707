import Files
import Foundation
import Supervision
import Telemetry
import TestSupport
import Testing
import WindowStore

/// A run's folder with a store of made-up windows of one sensor, scored by the real program.
struct ScoringRun {
  static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
  let folder: String

  /// Runs `body` with a new folder whose store has a day of windows of `devices` devices.
  static func with<Value>(
    devices: Int = 6, windows: Int = 288, watermark: Duration? = nil,
    _ body: (ScoringRun) async throws -> Value
  ) async throws -> Value {
    try await withTemporaryFolder { path in
      let run = ScoringRun(folder: path)
      try run.store(
        try rows(devices: devices, windows: windows), watermark: watermark ?? .seconds(300 * windows - 60))
      return try await body(run)
    }
  }

  /// The same with models of the first half of the day.
  static func trained(_ body: (ScoringRun) async throws -> Void) async throws {
    try await with { run in
      _ = try await run.sonde([
        "train", run.folder, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T12:00:00Z",
      ])
      try await body(run)
    }
  }

  /// Has the second half of the day scored.
  static let noon = ["--after", "2026-01-01T12:00:00Z"]

  /// Adds windows, and sets the watermark to so long after the start.
  func store(_ windows: [WindowRow] = [], watermark: Duration) throws {
    let writer = try WindowStoreWriter(
      path: "\(folder)/sonde.sqlite",
      settings: WindowSettings(
        window: .seconds(300), outOfOrderness: .seconds(30), allowedLateness: .seconds(300)))
    var batch = StoreBatch()
    batch.windows = windows
    batch.progress.fleetWatermark = Self.start + watermark
    try writer.commit(batch)
    try writer.close()
  }

  private static func rows(devices: Int, windows: Int) throws -> [WindowRow] {
    try (0..<devices).flatMap { try rows(of: "pump-\($0)", windows: windows) }
  }

  /// So many windows of `device`, from the start on.
  static func rows(of device: String, windows: Int, sensor: String = "temperature") throws -> [WindowRow] {
    let sensor = try #require(SensorID(sensor))
    let id = try #require(DeviceID(device))
    var generator = SeededGenerator(seed: 42, stream: id.name)
    return (0..<windows).map { number in
      let mean = 60 + generator.uniform(in: -1...1)
      let begin = start + .seconds(300 * number)
      return WindowRow(
        device: id, sensor: sensor, start: begin, end: begin + .seconds(300),
        aggregates: Aggregates(count: 30, mean: mean, stddev: 0.5, min: mean - 1, max: mean + 1),
        revision: 1, visibleFrom: begin + .seconds(300))
    }
  }

  /// The schedule's arguments: trains on the first half of the day and scores the second.
  func arguments(_ more: [String] = []) -> [String] {
    [
      "schedule", folder, "--from", "2026-01-01T12:00:00Z", "--train-from", "2026-01-01T00:00:00Z",
      "--train-to",
      "2026-01-01T12:00:00Z", "--format", "json",
    ] + more
  }

  /// Starts `sonde` with `arguments`; its standard error goes into the run's folder.
  func start(_ arguments: [String], environment: [String: String] = [:]) async throws -> Service {
    try await Service.start(
      name: "schedule", executable: SondeProgram.path, arguments: arguments, log: "\(folder)/schedule.err",
      environment: environment)
  }

  /// Runs a schedule to the end of the stream; `act` gets every line that it says.
  @discardableResult
  func schedule(
    _ more: [String] = ["--cron", "0 */6 * * *"], environment: [String: String] = [:],
    act: (Service, String) -> Void = { _, _ in }
  ) async throws -> ServiceExit {
    let service = try await start(arguments(more + ["--until-stdin-closes"]), environment: environment)
    service.closeInput()
    for await line in service.lines { act(service, line) }
    return try await service.exit()
  }

  /// Every file of every job, by job and name.
  func outputs() throws -> [String: Data] {
    var outputs: [String: Data] = [:]
    for job in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/predictions") {
      for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/predictions/\(job)")
      where file != "tasks" && !file.hasSuffix(".tmp") {
        outputs["\(job)/\(file)"] = try Data(
          contentsOf: URL(fileURLWithPath: "\(folder)/predictions/\(job)/\(file)"))
      }
    }
    return outputs
  }

  /// The device and window of every row of every prediction file, in order.
  func scored(file: String = "predictions.csv") throws -> [String] {
    try outputs().filter { $0.key.hasSuffix("/\(file)") }.flatMap { _, data in
      String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst().map {
        $0.split(separator: ",").prefix(3).joined(separator: ",")
      }
    }.sorted()
  }

  /// What `sonde` prints.
  func sonde(_ arguments: [String]) async throws -> String {
    let outcome = try await SondeProgram.run(arguments)
    #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    return outcome.output
  }
}
