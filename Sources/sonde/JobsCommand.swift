import ArgumentParser
import BatchScoring
import Telemetry

/// `sonde jobs`: what ran, is running, failed and why.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Shows, cancels and reruns the batch jobs of a run, also while they run.",
    subcommands: [
      JobsListCommand.self, JobsShowCommand.self, JobsWatchCommand.self, JobsLogsCommand.self,
      JobsCancelCommand.self,
      JobsRerunCommand.self,
    ])

  /// What is to be known of a job that is not at its end, and that nobody runs.
  static func abandoned(_ id: String, in runDir: String) -> String {
    "nobody runs job \(id) any more; “sonde jobs rerun \(runDir) \(id)” goes on with it, and so does what has begun it"
  }

  /// A time in a table, to the second.
  static func time(_ time: Timestamp?) -> String { time.map { "\($0.description.prefix(19))Z" } ?? "-" }

  /// The first of several machines, and how many more there are.
  static func names(_ hosts: [String]) -> String {
    guard hosts.count > 3 else { return hosts.isEmpty ? "-" : hosts.joined(separator: ",") }
    return "\(hosts.prefix(2).joined(separator: ",")) and \(hosts.count - 2) more"
  }

  /// How long its last attempt took.
  static func seconds(of job: JobRecord) -> String {
    guard let start = job.startedAt, let end = job.endedAt else { return "-" }
    return "\(Double((end - start).milliseconds) / 1000)"
  }
}

/// The arguments that name a job.
struct JobArguments: ParsableArguments {
  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Argument(help: "The job, such as 2026-01-01T15-00-00Z.")
  var job: String
}

/// `sonde jobs list`.
struct JobsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists all jobs, oldest first.")

  @Argument(help: "The folder of a run.", completion: .directory)
  var runDir: String

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    let jobs = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs).jobs()
    if format == .json { return try StandardOutput.writeJSON(jobs, indented: true) }
    printTable(
      [
        "JOB", "DEPLOYMENT", "STATE", "TASKS", "SCORED", "FAILED", "RETRIES", "ALARMS", "ATTEMPTS", "STARTED",
        "ENDED",
        "SECONDS", "HOSTS", "REASON",
      ],
      jobs.map { job in
        [
          job.cut.id, job.deployment, job.state.rawValue, "\(job.tasks)", "\(job.predictions)",
          "\(job.failedRows)",
          "\(job.retries)", job.alarms.map(String.init) ?? "-",
          job.attempts.isEmpty ? "-" : "\(job.attempts.count)",
          JobsCommand.time(job.startedAt),
          JobsCommand.time(job.endedAt), JobsCommand.seconds(of: job), JobsCommand.names(job.hosts),
          (job.isRerunQueued ? "A rerun is queued. " : "") + (job.reason ?? ""),
        ]
      })
  }
}

/// Columns as wide as their widest cell.
func printTable(_ header: [String], _ rows: [[String]]) {
  let widths = header.indices.map { column in
    ([header] + rows).map { $0[column].count }.max() ?? 0
  }
  for row in [header] + rows {
    let cells = zip(row, widths).map { cell, width in
      cell + String(repeating: " ", count: width - cell.count)
    }
    let line = cells.joined(separator: "  ")
    StandardOutput.write(line.replacing(/\ +$/, with: ""))
  }
}
