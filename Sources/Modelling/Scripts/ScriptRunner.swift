import Compute
import Files

/// Keeps the process of a script between tasks and jobs, so that it imports and reads its model once a worker. Used from one thread.
package final class ScriptRunner {
  private struct Running {
    var setup: ScriptSetup
    var process: ScriptProcess
    /// As the files were when it read them.
    var files: ScriptFiles
  }

  private var current: Running?
  /// Starts of one script that have failed in this job, and why the last one did.
  private var failed: (setup: ScriptSetup, times: Int, reason: String)?
  private var requests = 0
  private let log: ([UInt8]) -> Void

  /// - Parameter log: Takes what scripts print.
  package init(log: @escaping ([UInt8]) -> Void) { self.log = log }

  /// Another job begins: what kept a script from starting may have been put right.
  func beginJob() { failed = nil }

  /// Has the script of `setup` score `batch`. Throws ``ScriptFault``, and `TaskFailure` where the script does not start at all or has
  /// changed.
  ///
  /// - Parameter support: The folder into which what comes with Sonde is written, where the script is started now.
  func run(_ setup: ScriptSetup, _ batch: ScriptMiniBatch, support: String) throws {
    let process = try started(setup, support)
    process.beginLog()
    requests += 1
    let request = ScriptRequest(
      task: requests, windows: batch.windows, files: batch.files, output: batch.output)
    let reply: ScriptReply
    do {
      let limit = Duration.seconds(setup.runSeconds)
      process.send(request.line, within: limit)
      reply = try process.reply(within: limit, doing: "in run()")
      guard reply.task == requests, reply.status != .ready else {
        throw ScriptFault("answered something that it was not asked")
      }
    } catch {
      // It is of no more use; one that says why it failed is.
      end()
      throw error
    }
    // It may have read them only now.
    try refuseChanges(setup)
    if reply.status == .failed { throw ScriptFault("failed: \(why(reply, setup))") }
  }

  /// Starts the script of `setup` where it does not run. Throws as ``run(_:_:support:)`` does.
  func start(_ setup: ScriptSetup, support: String) throws { _ = try started(setup, support) }

  private func why(_ reply: ScriptReply, _ setup: ScriptSetup) -> String {
    guard let bytes = setup.script.memoryBytes, reply.why.contains("MemoryError") else { return reply.why }
    return "\(reply.why); it may have \(bytes) bytes of memory (resources.memory)"
  }

  private func end() {
    current?.process.kill()
    current = nil
  }

  private func started(_ setup: ScriptSetup, _ support: String) throws -> ScriptProcess {
    if let running = current, running.setup == setup {
      try refuseChanges(setup)
      // One that has ended between two tasks has done nothing wrong.
      if running.process.isAlive { return running.process }
    }
    if let failed, failed.setup == setup, failed.times >= ScriptDefaults.startAttempts {
      throw TaskFailure(failed.reason, retry: false)
    }
    end()
    do {
      let running = try launched(setup, support)
      current = running
      failed = nil
      return running.process
    } catch let fault as ScriptFault {
      var times = failed?.setup == setup ? (failed?.times ?? 0) + 1 : 1
      if fault.isLate { times = ScriptDefaults.startAttempts }
      failed = (setup, times, "the script \(fault)")
      throw TaskFailure("the script \(fault)", retry: times < ScriptDefaults.startAttempts)
    }
  }

  private func launched(_ setup: ScriptSetup, _ support: String) throws -> Running {
    var files = try ScriptFiles(of: setup)
    try files.refuseChanges(since: setup, alwaysReading: true)
    let process = try ScriptProcess(
      setup.command(writingInto: support), in: setup.workingFolder, environment: setup.environment,
      memoryBytes: setup.script.memoryBytes, log: log)
    let reply: ScriptReply
    do {
      reply = try process.reply(within: .seconds(setup.startSeconds), doing: "to start, with its init()")
    } catch {
      // Such as a missing library, of which nobody else says anything.
      guard !process.isAlive, let line = process.lastPrinted else { throw error }
      throw ScriptFault("\(error) before it was ready, and printed last: \(line)")
    }
    guard reply.status == .ready else { throw ScriptFault("did not start: \(why(reply, setup))") }
    // What it has read is what was there before.
    try files.refuseChanges(since: setup)
    return Running(setup: setup, process: process, files: files)
  }

  private func refuseChanges(_ setup: ScriptSetup) throws {
    do {
      try current?.files.refuseChanges(since: setup)
    } catch let fault as ScriptFault {
      end()
      failed = (setup, ScriptDefaults.startAttempts, "the script \(fault)")
      throw TaskFailure("the script \(fault)", retry: false)
    }
  }
}

/// The files of a script and its model, and their states, by which a change in the middle of a job is noticed.
struct ScriptFiles {
  private let paths: [String]
  private var stamps: [FileStamp?]

  init(of setup: ScriptSetup) throws {
    paths = try [setup.script.code, setup.script.model ?? setup.modelFolder].flatMap { folder in
      try folder.map { try FolderContents.files(in: $0).map(\.path) } ?? []
    }
    .prefix(ScriptDefaults.watchedFiles).map { $0 }
    stamps = paths.map { FileStamp($0) }
  }

  /// Throws ``ScriptFault`` where the files are not those of `setup` any more.
  ///
  /// - Parameter alwaysReading: Whether they are read also where their states say that nothing has happened.
  mutating func refuseChanges(since setup: ScriptSetup, alwaysReading: Bool = false) throws {
    let now = paths.map { FileStamp($0) }
    guard alwaysReading || now != stamps else { return }
    let version: String
    do {
      version = try ScriptSetup.version(
        of: setup.script, python: setup.python, model: setup.script.model ?? setup.modelFolder,
        layout: setup.layout)
    } catch {
      throw ScriptFault("or its model cannot be read any more: \(error)")
    }
    guard version == setup.version else {
      throw ScriptFault(
        "or its model has changed since the job began, from \(setup.version) to \(version); put it back, and have the failed rows scored again"
      )
    }
    stamps = now
  }
}
