import BatchScoring
import Compute
import Files
import Foundation
import Modelling
import Synchronization
import Telemetry
import WindowStore

/// A run's folder with a store of made-up windows, and what tests do with it.
struct ScoringFixture {
  static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
  static let window = Duration.seconds(300)
  static func hour(_ hours: Double) -> Timestamp { start + .seconds(hours * 3600) }

  let folder: RunFolder

  static func with(_ body: (ScoringFixture) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "sonde-scoring-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(ScoringFixture(folder: RunFolder(path)))
  }

  /// Windows of `devices` × two sensors from hour 0 to `hours`. Every device repeats the same kind of noise; one window
  /// of the last device at hour 14 is far off.
  static func windows(devices: Int = 4, hours: Double = 16) -> [WindowRow] {
    var rows: [WindowRow] = []
    for device in 0..<devices {
      for (index, name) in ["pressure", "temperature"].enumerated() {
        guard let id = DeviceID("pump-\(device)"), let sensor = SensorID(name) else { continue }
        var generator = SeededGenerator(seed: 42, stream: "\(id)/\(sensor)")
        for number in 0..<Int(hours * 12) {
          let start = Self.start + .seconds(number * 300)
          var mean = 60 + 10 * Double(index) + generator.uniform(in: -1...1)
          let stddev = 0.5 + generator.uniform(in: -0.1...0.1)
          if device == devices - 1, start == hour(14) { mean += 25 }
          rows.append(
            WindowRow(
              device: id, sensor: sensor, start: start, end: start + window,
              aggregates: Aggregates(
                count: 30, mean: mean, stddev: stddev, min: mean - 2 * stddev, max: mean + 2 * stddev),
              revision: 1, visibleFrom: start + window))
        }
      }
    }
    return rows
  }

  /// Adds `windows` to the store and sets its watermark.
  func store(_ windows: [WindowRow], watermark: Timestamp) throws {
    let writer = try WindowStoreWriter(
      path: folder.store,
      settings: WindowSettings(
        window: Self.window, outOfOrderness: .seconds(30), allowedLateness: .seconds(300)))
    var batch = StoreBatch()
    batch.windows = windows
    batch.progress.fleetWatermark = watermark
    try writer.commit(batch)
    try writer.close()
  }

  func configuration(
    miniBatchSize: MiniBatchSize = .devices(1), layout: ModelLayout = ModelLayout(),
    errorThreshold: Int = -1
  ) -> ScheduleConfiguration {
    ScheduleConfiguration(
      deployment: Deployment(layout: layout, miniBatchSize: miniBatchSize, errorThreshold: errorThreshold),
      cron: "0 * * * *", from: Self.hour(12), training: TrainingRange(from: Self.start, to: Self.hour(12)))
  }

  /// Runs the schedule to the end of the stream, as `sonde schedule` does.
  @discardableResult
  func schedule(
    _ configuration: ScheduleConfiguration, on target: some ComputeTarget = InProcessTarget(),
    control: SchedulerControl? = nil, source: DeploymentSource? = nil,
    report: @escaping @Sendable (ScoringEvent) -> Void = { _ in }
  ) async throws -> Scheduler.Ending {
    let ended = SchedulerControl()
    ended.streamHasEnded()
    let scheduler = try Scheduler(
      folder: folder, configuration: configuration, target: target,
      worker: WorkerCommand(executable: "in process"),
      trainingThreads: 2, control: control ?? ended, source: source, now: { Timestamp(milliseconds: 0) },
      report: report)
    return try await scheduler.run()
  }

  /// Runs single jobs.
  func runner(_ deployment: Deployment, _ target: some ComputeTarget, _ jobs: JobStore) -> JobRunner {
    JobRunner(
      folder: folder, deployment: deployment, target: target,
      worker: WorkerCommand(executable: "in process"),
      jobs: jobs, now: { Timestamp(milliseconds: 0) })
  }

  func jobs() throws -> [JobRecord] { try JobStore(reading: folder.jobs).jobs() }

  /// The text of every file of predictions, by job and name.
  func outputs() throws -> [String: String] {
    var texts: [String: String] = [:]
    for job in try jobs() {
      let files = folder.job(job.cut.id)
      for path in [files.predictions, files.failed, files.success]
      where FileManager.default.fileExists(atPath: path) {
        texts["\(job.cut.id)/\((path as NSString).lastPathComponent)"] = try TextFile.text(of: path)
      }
    }
    return texts
  }

  /// The rows of all prediction files, without headers.
  func predictions() throws -> [[String]] {
    try outputs().filter { $0.key.hasSuffix("predictions.csv") }.sorted { $0.key < $1.key }.flatMap {
      _, text in
      text.split(separator: "\n").dropFirst().map { $0.split(separator: ",").map(String.init) }
    }
  }
}

/// A compute target that does the tasks in this process, one after the other, and fails where it is told to.
final class InProcessTarget: ComputeTarget {
  let name = "in-process"
  let slots: Int
  private let fails: @Sendable (Int) -> String?
  private let stopAfter: Int?
  private let stopped = Mutex(false)
  private let canceled = Mutex(false)
  private let cancelAfter: Int?
  let tasksRun = Mutex<[Int]>([])

  /// - Parameters:
  ///   - stopAfter: Stops by itself after so many tasks.
  ///   - cancelAfter: After so many tasks, waits until it is canceled.
  ///   - fails: Why a task fails for good; nil where it does not.
  init(
    slots: Int = 2, stopAfter: Int? = nil, cancelAfter: Int? = nil,
    fails: @escaping @Sendable (Int) -> String? = { _ in nil }
  ) {
    self.cancelAfter = cancelAfter
    self.slots = slots
    self.stopAfter = stopAfter
    self.fails = fails
  }

  func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
    -> ComputeOutcome
  {
    let worker = ScoringWorker()
    var outcome = ComputeOutcome(
      ending: .finished, succeeded: 0, failed: 0, retries: 0, notRun: job.tasks.count)
    canceled.withLock { $0 = false }
    for task in job.tasks {
      while outcome.succeeded == cancelAfter, !canceled.withLock({ $0 }) {
        try await Task.sleep(for: .milliseconds(5))
      }
      if stopped.withLock({ $0 }) || outcome.succeeded == stopAfter {
        outcome.ending = .stopped
        return outcome
      }
      if canceled.withLock({ $0 }) {
        outcome.ending = .canceled
        return outcome
      }
      outcome.notRun -= 1
      report(.taskStarted(task: task, attempt: 1, worker: 1, node: 1))
      if let reason = fails(task) {
        outcome.failed += 1
        report(.taskFailed(task: task, attempt: 1, reason: reason, duration: .zero))
        continue
      }
      let counts = try worker.perform(WorkerRequest(input: job.input, task: task, attempt: 1))
      tasksRun.withLock { $0.append(task) }
      outcome.succeeded += 1
      report(.taskSucceeded(task: task, attempt: 1, counts: counts, duration: .zero))
    }
    if outcome.succeeded == stopAfter { outcome.ending = .stopped }
    return outcome
  }

  func cancel() async { canceled.withLock { $0 = true } }
  func stop() async { stopped.withLock { $0 = true } }
  func shutDown() async {}
}
