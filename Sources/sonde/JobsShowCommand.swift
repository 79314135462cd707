import ArgumentParser
import BatchScoring
import WindowStore

/// `sonde jobs show`.
struct JobsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one job: how far it is, its tasks, and every attempt that failed.")

  @OptionGroup var arguments: JobArguments

  @Option(help: "text or json.")
  var format = OutputFormat.text

  private struct Whole: Encodable {
    var job: JobRecord
    var deployment: Deployment?
    var progress: JobProgress
    var tasks: [TaskRecord]
    var failedAttempts: [FailedAttempt]
    var failedReasons: FailedReasons
    /// What a job does not score, or scores late, because of devices with wrong clocks.
    var clocks: [Clock]
  }

  private struct Clock: Encodable {
    var device: String
    var aheadSeconds: Double
    var behindSeconds: Double
  }

  func run() throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    let store = try JobStore(reading: folder.jobs)
    let record = try store.named(arguments.job)
    let tasks = try store.tasks(of: arguments.job)
    // Of plain files there is no store.
    let clocks = try (try? WindowStoreReader(path: folder.store))?.deviceClocks() ?? []
    let whole = Whole(
      job: record, deployment: try store.deployment(of: arguments.job), progress: JobProgress(tasks: tasks),
      tasks: tasks, failedAttempts: try store.failedAttempts(of: arguments.job),
      failedReasons: try FailedReasons(of: folder.job(record.cut.id)),
      clocks: clocks.map {
        Clock(
          device: $0.device.name, aheadSeconds: Double($0.aheadMs) / 1000,
          behindSeconds: Double($0.behindMs) / 1000)
      })
    if format == .json { return try StandardOutput.writeJSON(whole, indented: true) }
    write(whole, isAbandoned: !record.state.isFinal && !store.hasCoordinator, WrongClocks.lines(clocks))
  }

  private func write(_ whole: Whole, isAbandoned: Bool, _ clocks: [String]) {
    let record = whole.job
    let progress = whole.progress
    let endpoint = record.endpoint.map { " of endpoint \($0)" } ?? ""
    StandardOutput.write(
      "job \(record.cut.id) by deployment \(record.deployment)\(endpoint): \(record.state.rawValue)")
    if isAbandoned { StandardOutput.write(JobsCommand.abandoned(record.cut.id, in: arguments.runDir)) }
    if record.isRerunQueued { StandardOutput.write("a rerun is queued; the scheduler runs it") }
    let through = record.cut.through.map { "through \($0)" } ?? "to the end of the stream"
    StandardOutput.write("windows visible after \(record.cut.after) \(through)")
    if let fired = record.cut.firedAt { StandardOutput.write("fired at \(fired) by the wall clock") }
    for attempt in record.attempts {
      let end = attempt.endedAt.map { " to \($0), \(attempt.seconds ?? 0) s" } ?? ""
      StandardOutput.write(
        "attempt \(attempt.attempt) from \(attempt.startedAt)\(end): \(attempt.state.rawValue)")
    }
    if !record.hosts.isEmpty { StandardOutput.write("on \(record.hosts.joined(separator: ", "))") }
    if let replacement = record.replacedBy { StandardOutput.write("replaced by \(replacement)") }
    if let seconds = record.nodeSeconds { StandardOutput.write("\(milliseconds(seconds)) node-seconds") }
    if let earlier = record.cut.failedRowsOf { StandardOutput.write("only what failed in \(earlier)") }
    var line = "\(progress.completed) of \(progress.tasks) tasks done"
    if progress.running > 0 { line += ", \(progress.running) running" }
    if progress.failed > 0 { line += ", \(progress.failed) failed" }
    if let median = progress.medianTaskMs, let longest = progress.longestTaskMs {
      line += "; a task takes \(milliseconds(median)) ms, the longest took \(milliseconds(longest)) ms"
    }
    StandardOutput.write(line)
    if record.state == .completed {
      StandardOutput.write(
        "\(record.predictions) scored, \(record.alarms.map { "\($0) alarms, " } ?? "")\(record.failedRows) failed, \(record.retries) retries"
      )
    } else {
      StandardOutput.write(
        "\(progress.rows) rows done, \(progress.failedRows) of them failed, \(whole.failedAttempts.count) failed attempts"
      )
    }
    // Of a completed job it is what the next lines say.
    if record.state != .completed, let reason = record.reason { StandardOutput.write("reason: \(reason)") }
    for failed in whole.failedReasons.most {
      StandardOutput.write("\(failed.extent) failed\(failed.models > 1 ? ", such as" : ""): \(failed.reason)")
    }
    if whole.failedReasons.otherRows > 0 {
      StandardOutput.write(
        "\(whole.failedReasons.otherRows) rows failed for other reasons, which failed.csv has")
    }
    for clock in clocks { StandardOutput.write("clock: \(clock)") }
    printTable(
      [
        "TASK", "STATE", "DEVICES", "ATTEMPTS", "NODE", "HOST", "WORKER", "ROWS", "FAILED", "STARTED",
        "ENDED", "MS",
        "REASON",
      ],
      whole.tasks.map { task in
        [
          "\(task.task)", task.state, "\(task.devices)", "\(task.attempts)", number(task.node),
          task.host ?? "-", number(task.worker), "\(task.rows)", "\(task.failedRows)",
          JobsCommand.time(task.startedAt), JobsCommand.time(task.endedAt),
          task.durationMs.map(milliseconds) ?? "-", task.reason ?? "",
        ]
      })
    guard !whole.failedAttempts.isEmpty else { return }
    StandardOutput.write("")
    printTable(
      ["TASK", "FAILED ATTEMPT", "NODE", "HOST", "WORKER", "STARTED", "ENDED", "MS", "REASON"],
      whole.failedAttempts.map { attempt in
        [
          "\(attempt.task)", "\(attempt.attempt)", number(attempt.node), attempt.host ?? "-",
          number(attempt.worker), JobsCommand.time(attempt.startedAt), JobsCommand.time(attempt.endedAt),
          milliseconds(attempt.durationMs), attempt.reason,
        ]
      })
  }

  private func number(_ value: Int?) -> String { value.map(String.init) ?? "-" }

  private func milliseconds(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
