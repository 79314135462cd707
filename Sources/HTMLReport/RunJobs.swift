import BatchScoring
import ClusterCharts
import ClusterModel
import Files
import Telemetry
import Verdict

/// The jobs of a run as `jobs.sqlite` has them: all jobs, and of those that tell most what was done when.
struct RunJobs {
  /// Of more jobs those that failed, then those with failed attempts, then the slowest are drawn: a screenful of lanes.
  static let mostJobs = 12
  /// Of more attempts those that failed, then the longest: a picture of some hundred kilobytes.
  static let mostAttempts = 1500
  /// Of more changes of nodes the first: likewise.
  static let mostStates = 3000

  /// A failed attempt, and whose it was.
  struct Failure {
    var job: String
    var attempt: FailedAttempt
  }

  /// In the order in which they were queued.
  let jobs: [JobRecord]
  /// Those that are drawn, in the same order.
  let drawn: [JobRecord]
  let attempts: [JobsPicture.Attempt]
  /// How many attempts there were at tasks of ``drawn``.
  let allAttempts: Int
  let failures: [Failure]
  let nodes: [NodeLife]
  private(set) var notes: [String] = []
  private let origin: Timestamp

  /// Nil where no job was queued. Throws `FileError`, `JSONFileError` and ``ScoringError`` where a file cannot be read.
  init?(_ run: FinishedRun) throws {
    guard FileStamp(run.folder.jobs) != nil else { return nil }
    let store = try JobStore(reading: run.folder.jobs)
    let all = try store.jobs()
    // Jobs may be run in the folder of a run long after it.
    let account = try run.account()
    let end = account.map { Double($0.startedAt.milliseconds) + $0.elapsedSeconds * 1000 + 1 }
    let jobs = all.filter { job in end.map { Double(job.queuedAt.milliseconds) <= $0 } ?? true }
    guard let first = jobs.map(\.queuedAt).min() else { return nil }
    self.jobs = jobs
    origin = first
    let chosen = Set(
      jobs.enumerated().sorted { Self.isMoreTelling($0, $1) }.prefix(Self.mostJobs).map(\.offset))
    drawn = jobs.indices.filter(chosen.contains).map { jobs[$0] }
    if jobs.count < all.count {
      let count = all.count - jobs.count
      notes.append(
        "\(count == 1 ? "1 job that was" : "\(count) jobs that were") queued after the run is left out.")
    }
    var attempts: [JobsPicture.Attempt] = []
    var failures: [Failure] = []
    for job in drawn {
      let failed = try store.failedAttempts(of: job.cut.id)
      failures += failed.map { Failure(job: job.cut.id, attempt: $0) }
      attempts += Self.attempts(job, try store.tasks(of: job.cut.id), failed, since: first)
    }
    allAttempts = attempts.count
    self.failures = failures
    self.attempts = Self.bounded(attempts)
    if self.attempts.count < allAttempts {
      notes.append(
        "\(self.attempts.count) of \(allAttempts) attempts at tasks are shown: those that failed, then the longest."
      )
    }
    let states = try store.nodeStates()
    let targets = states.reduce(into: [String]()) { if !$0.contains($1.target) { $0.append($1.target) } }
    let last = drawn.compactMap(\.endedAt).max() ?? first
    let known = states.filter {
      $0.target == targets.first && Double($0.at.milliseconds) <= max(Double(last.milliseconds), end ?? 0)
    }
    nodes = Self.lives(Array(known.prefix(Self.mostStates)), since: first, until: last)
    if targets.count > 1 {
      notes.append("States of nodes are those of 1 of \(targets.count) compute targets.")
    }
    if known.count > Self.mostStates {
      notes.append("\(Self.mostStates) of \(known.count) states of nodes are shown.")
    }
  }

  /// Seconds from `origin` on; files may hold any number.
  private static func seconds(_ time: Timestamp, since origin: Timestamp) -> Double {
    (Double(time.milliseconds) - Double(origin.milliseconds)) / 1000
  }

  /// How long the job ran, in seconds; nil where it has not begun, or not ended.
  static func duration(_ job: JobRecord) -> Double? {
    guard let start = job.startedAt, let end = job.endedAt else { return nil }
    return max(0, seconds(end, since: start))
  }

  /// How long it was queued; nil where it has not begun.
  static func wait(_ job: JobRecord) -> Double? {
    job.startedAt.map { max(0, seconds($0, since: job.queuedAt)) }
  }

  private static func isMoreTelling(
    _ a: (offset: Int, element: JobRecord), _ b: (offset: Int, element: JobRecord)
  ) -> Bool {
    func rank(_ job: JobRecord) -> Int {
      job.state == .failed ? 0 : job.state != .completed ? 1 : job.retries + job.failedTasks > 0 ? 2 : 3
    }
    return (rank(a.element), -(duration(a.element) ?? 0), a.offset)
      < (rank(b.element), -(duration(b.element) ?? 0), b.offset)
  }

  /// The jobs, those that tell most first.
  var telling: [JobRecord] {
    jobs.enumerated().sorted { Self.isMoreTelling($0, $1) }.map(\.element)
  }

  /// Those that failed, and the last of each task where it is not among them.
  private static func attempts(
    _ job: JobRecord, _ tasks: [TaskRecord], _ failed: [FailedAttempt], since origin: Timestamp
  ) -> [JobsPicture.Attempt] {
    let name = job.cut.id
    var attempts = failed.compactMap { attempt -> JobsPicture.Attempt? in
      guard let start = attempt.startedAt else { return nil }
      let begin = seconds(start, since: origin)
      return JobsPicture.Attempt(
        job: name, task: attempt.task, attempt: attempt.attempt, node: attempt.node, worker: attempt.worker,
        begin: begin, end: begin + max(0, attempt.durationMs / 1000), outcome: .failed, reason: attempt.reason
      )
    }
    for task in tasks {
      let outcome: JobsPicture.Attempt.Outcome? =
        switch task.state {
        case "completed": .completed
        case "canceled": .canceled
        case "running": .unfinished
        // Those that failed are there, and those that wait for the next attempt have none.
        default: nil
        }
      guard let outcome, let start = task.startedAt else { continue }
      let begin = seconds(start, since: origin)
      let end = task.endedAt ?? job.endedAt ?? start
      attempts.append(
        JobsPicture.Attempt(
          job: name, task: task.task, attempt: max(1, task.attempts), node: task.node, worker: task.worker,
          begin: begin, end: max(begin, seconds(end, since: origin)), outcome: outcome))
    }
    return attempts
  }

  private static func bounded(_ attempts: [JobsPicture.Attempt]) -> [JobsPicture.Attempt] {
    guard attempts.count > mostAttempts else { return attempts }
    let kept = attempts.enumerated().sorted {
      ($0.element.outcome == .failed ? 0 : 1, $0.element.begin - $0.element.end, $0.offset)
        < ($1.element.outcome == .failed ? 0 : 1, $1.element.begin - $1.element.end, $1.offset)
    }.prefix(mostAttempts).map(\.offset)
    return kept.sorted().map { attempts[$0] }
  }

  private static func lives(
    _ records: [NodeStateRecord], since origin: Timestamp, until last: Timestamp
  ) -> [NodeLife] {
    var lives: [NodeLife] = []
    var current: [Int: Int] = [:]
    func since(_ time: Timestamp) -> Duration { .milliseconds(time.milliseconds &- origin.milliseconds) }
    for record in records {
      if let index = current[record.node] {
        if let state = record.state {
          lives[index].stretches.append(NodeLife.Stretch(state: state, from: since(record.at)))
        } else {
          current[record.node] = nil
        }
        lives[index].end = since(record.at)
      } else if let state = record.state {
        current[record.node] = lives.count
        lives.append(
          NodeLife(
            node: record.node, stretches: [NodeLife.Stretch(state: state, from: since(record.at))],
            end: since(record.at)))
      }
    }
    // Of those that are still there, nobody looked any longer than to the last job.
    for index in current.values { lives[index].end = max(lives[index].end, since(last)) }
    return lives
  }

  /// What the picture shows.
  func picture(title: String) -> JobsPicture {
    JobsPicture(
      title: title,
      jobs: drawn.map { job in
        JobsPicture.Job(
          name: job.cut.id, state: job.state.rawValue, queued: Self.seconds(job.queuedAt, since: origin),
          started: job.startedAt.map { Self.seconds($0, since: origin) },
          ended: job.endedAt.map { Self.seconds($0, since: origin) })
      }, attempts: attempts, nodes: nodes,
      notes: (drawn.count < jobs.count
        ? ["\(drawn.count) of \(jobs.count) jobs are shown: those that failed, then the slowest."] : [])
        + notes)
  }
}
