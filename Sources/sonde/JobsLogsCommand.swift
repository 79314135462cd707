import ArgumentParser
import BatchScoring
import Foundation
import Wording

/// `sonde jobs logs`.
struct JobsLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Prints what the workers logged about one job.")

  @OptionGroup var arguments: JobArguments

  @Flag(help: "Goes on printing until the job has ended.")
  var follow = false

  /// How often the logs are looked at: at once for a reader, and no load.
  private static let interval = Duration.milliseconds(200)

  func run() async throws {
    let folder = try ScoringCommandSupport.folder(arguments.runDir)
    let store = try JobStore(reading: folder.jobs)
    var isFinal = try store.named(arguments.job).state.isFinal
    var logs = WorkerLogs(folder: folder.workerLogs, job: arguments.job)
    for line in try logs.newLines() { StandardOutput.write(line) }
    while follow, !isFinal {
      try await Task.sleep(for: Self.interval)
      // Asked for before the logs are read: what was logged before the end is then seen.
      isFinal = try store.named(arguments.job).state.isFinal
      let isAbandoned = !isFinal && !store.hasCoordinator
      for line in try logs.newLines() { StandardOutput.write(line) }
      if isAbandoned {
        StandardError.write(JobsCommand.abandoned(arguments.job, in: arguments.runDir))
        throw ExitCode(ExitStatus.expectationFailed)
      }
    }
  }
}

/// Reads the lines about one job from the logs of workers, which grow meanwhile.
struct WorkerLogs {
  private struct Place {
    var offset: UInt64 = 0
    /// A line without its end.
    var rest = Data()
    /// Whether the last request that the worker logged was one of the job's.
    var belongs = false
  }

  let folder: String
  let job: String
  private var places: [String: Place] = [:]

  init(folder: String, job: String) {
    self.folder = folder
    self.job = job
  }

  /// The lines that have been written since the last call, each with the name of its log.
  mutating func newLines() throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return try names.filter { $0.hasSuffix(".log") }.sorted().flatMap { try newLines(of: $0) }
  }

  private mutating func newLines(of name: String) throws -> [String] {
    guard let file = FileHandle(forReadingAtPath: "\(folder)/\(name)") else { return [] }
    defer { try? file.close() }
    var place = places[name] ?? Place()
    try file.seek(toOffset: place.offset)
    let data = try file.readToEnd() ?? Data()
    place.offset += UInt64(data.count)
    var lines = (place.rest + data).split(separator: 0x0A, omittingEmptySubsequences: false)
    place.rest = Data(lines.popLast() ?? Data())
    var found: [String] = []
    for line in lines {
      let text = String(decoding: line, as: UTF8.self)
      // A line that names no job belongs to the task before it: what a library or a crash has written.
      if text.hasPrefix("task "), text.contains(" attempt ") {
        place.belongs = text.contains("/predictions/\(job)/")
      }
      if place.belongs, !text.isEmpty { found.append("\(name.dropLast(".log".count)): \(text)") }
    }
    places[name] = place
    return found
  }
}
