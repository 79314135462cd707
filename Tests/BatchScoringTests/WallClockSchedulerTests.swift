import BatchScoring
import Compute
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

/// The scheduler by a wall clock that tests set, with jobs that wait until tests let them go on.
@Suite(.timeLimit(.minutes(30))) struct WallClockSchedulerTests {
  private let hour = ScoringFixture.hour

  /// Holds its first job until it is opened or the job is canceled.
  private final class GatedTarget: ComputeTarget {
    let name = "gated"
    let slots = 2
    private let inner = InProcessTarget()
    private let isOpen = Mutex(false)
    private let isCanceled = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func run(_ job: ComputeJob, report: @escaping @Sendable (ComputeEvent) -> Void) async throws
      -> ComputeOutcome
    {
      while !isOpen.withLock({ $0 }) {
        if isCanceled.withLock({ $0 }) {
          open()
          return ComputeOutcome(
            ending: .canceled, succeeded: 0, failed: 0, retries: 0, notRun: job.tasks.count)
        }
        try await Task.sleep(for: .milliseconds(5))
      }
      return try await inner.run(job, report: report)
    }

    func cancel() async { isCanceled.withLock { $0 = true } }
    func stop() async {
      await inner.stop()
      open()
    }
    func shutDown() async {}
  }

  private final class Log: Sendable {
    private let events = Mutex<[ScoringEvent]>([])
    func add(_ event: ScoringEvent) { events.withLock { $0.append(event) } }
    var list: [ScoringEvent] { events.withLock { $0 } }
    func count(_ kind: ScoringEvent.Kind) -> Int { list.count { $0.event == kind } }
  }

  /// Runs a schedule of every hour from 12:00 on a store that is visible to 16:00, and looks whether every window is in
  /// one prediction file.
  private func schedule(
    _ policy: ConcurrencyPolicy,
    _ body: (GatedTarget, Log, _ setClock: (Timestamp) -> Void, ScoringFixture) async throws -> Void
  ) async throws {
    try await ScoringFixture.with { run in
      let windows = ScoringFixture.windows(devices: 2)
      try run.store(windows, watermark: hour(13))
      var configuration = run.configuration()
      configuration.clock = .wall
      configuration.concurrency = policy
      let clock = Mutex((time: hour(12.9), looks: 0))
      let target = GatedTarget()
      let log = Log()
      let control = SchedulerControl()
      let scheduler = try Scheduler(
        folder: run.folder, configuration: configuration, target: target,
        worker: WorkerCommand(executable: "in process"), trainingThreads: 1, control: control,
        moreTargets: { _ in InProcessTarget() },
        now: {
          clock.withLock { clock in
            clock.looks += 1
            return clock.time
          }
        }, report: { log.add($0) })
      async let ending = scheduler.run()
      // What is due before the schedule has begun would count as missed before it.
      try await waitUntil("the schedule follows the clock") { clock.withLock { $0.looks } > 5 }
      clock.withLock { $0.time = hour(13) }
      try await waitUntil("the first job starts") { log.count(.jobStarted) == 1 }
      try await body(target, log, { time in clock.withLock { $0.time = time } }, run)
      control.streamHasEnded()
      #expect(try await ending == .finished(failedJobs: 0))
      let keys = try run.predictions().map { "\($0[0]),\($0[2])" }
      let expected = Set(windows.filter { $0.end > hour(12) }.map { "\($0.device),\($0.start)" })
      #expect(keys.count == expected.count && Set(keys) == expected, "each window once")
    }
  }

  private func states(_ run: ScoringFixture) throws -> [String: JobState] {
    Dictionary(uniqueKeysWithValues: try run.jobs().map { ($0.cut.id, $0.state) })
  }

  @Test func aRunningJobIsReplaced() async throws {
    try await schedule(.replace) { _, log, setClock, run in
      try run.store([], watermark: hour(14))
      setClock(hour(14))
      try await waitUntil("the second job completes") { log.count(.jobCompleted) == 1 }
      let states = try states(run)
      #expect(states["2026-01-01T13-00-00Z"] == .canceled && states["2026-01-01T14-00-00Z"] == .completed)
      let jobs = try run.jobs()
      #expect(jobs.first?.replacedBy == "2026-01-01T14-00-00Z")
      #expect(jobs.last?.cut.after == hour(12) && jobs.last?.cut.through == hour(14))
    }
  }

  @Test func aJobThatIsDueIsSkippedWhileAnotherRuns() async throws {
    try await schedule(.forbid) { target, log, setClock, run in
      try run.store([], watermark: hour(14))
      setClock(hour(14))
      try await waitUntil("it is skipped") { log.list.contains { $0.reason?.contains("is skipped") == true } }
      target.open()
      try await waitUntil("the first completes") { log.count(.jobCompleted) == 1 }
      setClock(hour(15))
      try await waitUntil("the next completes") { log.count(.jobCompleted) == 2 }
      #expect(try run.jobs().map(\.cut.after) == [hour(12), hour(13)])
    }
  }

  @Test func twoJobsRunAtATime() async throws {
    try await schedule(.allow) { target, log, setClock, run in
      try run.store([], watermark: hour(14))
      setClock(hour(14))
      try await waitUntil("the second completes beside the first") { log.count(.jobCompleted) == 1 }
      let states = try states(run)
      #expect(
        states["2026-01-01T13-00-00Z"]?.isFinal == false && states["2026-01-01T14-00-00Z"] == .completed)
      target.open()
      try await waitUntil("the first completes") { log.count(.jobCompleted) == 2 }
    }
  }
}
