import ArgumentParser
import BatchScoring
import Foundation
import Telemetry

/// `sonde jobs`: what ran, is running, failed and why.
struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Shows the batch jobs of a run, also while they run.",
    subcommands: [List.self, Show.self, Logs.self])

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists all jobs, oldest first.")

    @Argument(help: "The folder of a run.", completion: .directory)
    var runDir: String

    @Option(help: "text or json.")
    var format = Format.text

    func run() throws {
      let jobs = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs).jobs()
      if format == .json { return try StandardOutput.writeJSON(jobs, indented: true) }
      printTable(
        ["JOB", "STATE", "TASKS", "SCORED", "FAILED", "RETRIES", "SECONDS", "REASON"],
        jobs.map { job in
          [
            job.cut.id, job.state.rawValue, "\(job.tasks)", "\(job.predictions)", "\(job.failedRows)",
            "\(job.retries)", seconds(of: job), job.reason ?? "",
          ]
        })
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows one job and its tasks.")

    @Argument(help: "The folder of a run.", completion: .directory)
    var runDir: String

    @Argument(help: "The job, such as 2026-01-01T15-00-00Z.")
    var job: String

    @Option(help: "text or json.")
    var format = Format.text

    private struct Whole: Encodable {
      var job: JobRecord
      var tasks: [TaskRecord]
    }

    func run() throws {
      let store = try JobStore(reading: ScoringCommandSupport.folder(runDir).jobs)
      let record = try find(job, in: store)
      let tasks = try store.tasks(of: job)
      if format == .json {
        return try StandardOutput.writeJSON(Whole(job: record, tasks: tasks), indented: true)
      }
      print("job \(record.cut.id) of deployment \(record.deployment): \(record.state.rawValue)")
      let through = record.cut.through.map { "through \($0)" } ?? "to the end of the stream"
      print("windows visible after \(record.cut.after) \(through)")
      print("\(record.predictions) scored, \(record.failedRows) failed, \(record.retries) retries")
      if let reason = record.reason { print("reason: \(reason)") }
      printTable(
        ["TASK", "STATE", "DEVICES", "ATTEMPTS", "NODE", "WORKER", "ROWS", "FAILED", "MS", "REASON"],
        tasks.map { task in
          [
            "\(task.task)", task.state, "\(task.devices)", "\(task.attempts)",
            task.node.map(String.init) ?? "-",
            task.worker.map(String.init) ?? "-", "\(task.rows)", "\(task.failedRows)",
            task.durationMs.map { "\(($0 * 10).rounded() / 10)" } ?? "-", task.reason ?? "",
          ]
        })
    }
  }

  struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints what the workers logged about one job.")

    @Argument(help: "The folder of a run.", completion: .directory)
    var runDir: String

    @Argument(help: "The job, such as 2026-01-01T15-00-00Z.")
    var job: String

    func run() throws {
      let folder = try ScoringCommandSupport.folder(runDir)
      _ = try find(job, in: JobStore(reading: folder.jobs))
      let logs = (try? FileManager.default.contentsOfDirectory(atPath: folder.workerLogs)) ?? []
      for log in logs.sorted() where log.hasSuffix(".log") {
        let text = try String(contentsOfFile: "\(folder.workerLogs)/\(log)", encoding: .utf8)
        // A line that names no job belongs to the task before it: what a library or a crash has written.
        var belongs = false
        for line in text.split(separator: "\n") {
          if line.hasPrefix("task "), line.contains(" attempt ") {
            belongs = line.contains("/predictions/\(job)/")
          }
          if belongs { print("\(log.dropLast(".log".count)): \(line)") }
        }
      }
    }
  }

  fileprivate static func find(_ id: String, in store: JobStore) throws -> JobRecord {
    guard let job = try store.job(id) else {
      let known = try store.jobs().map(\.cut.id)
      throw ScoringError(
        "there is no job “\(id)”"
          + (known.isEmpty ? "" : "; there are \(known.prefix(20).joined(separator: ", "))"))
    }
    return job
  }
}

private func find(_ id: String, in store: JobStore) throws -> JobRecord {
  try JobsCommand.find(id, in: store)
}

private func seconds(of job: JobRecord) -> String {
  guard let start = job.startedAt, let end = job.endedAt else { return "-" }
  return "\(Double((end - start).milliseconds) / 1000)"
}

/// Columns as wide as their widest cell.
func printTable(_ header: [String], _ rows: [[String]]) {
  let widths = header.indices.map { column in
    ([header] + rows).map { $0[column].count }.max() ?? 0
  }
  for row in [header] + rows {
    let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count)
    }
    let line = cells.joined(separator: "  ")
    print(line.replacing(/\ +$/, with: ""))
  }
}
