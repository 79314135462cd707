import Compute
import Files
import Foundation
import Supervision
import Telemetry
import WindowStore

/// Scores windows with a scoring script: the windows of a task are written as files, the script is asked once, and what it says is held
/// against what was asked.
package final class ScriptDetector: Detector {
  private let setup: ScriptSetup
  private let scope: ModelScope
  private let runner: ScriptRunner
  /// Where the files of a task lie while the script is at it.
  private let scratch: String
  private let files: String
  private var batch: ScriptMiniBatch

  /// - Parameter scratch: A folder in which this process may make folders.
  package init(_ setup: ScriptSetup, scope: ModelScope, runner: ScriptRunner, scratch: String) {
    self.setup = setup
    self.scope = scope
    self.runner = runner
    self.scratch = scratch
    files = "\(scratch)/mini-batch-\(getpid())"
    batch = ScriptMiniBatch(folder: files, scope: scope)
  }

  package var columns: [AggregateColumn] { ScriptMiniBatch.columns }

  package func take(_ input: DetectorInput, _ handOver: (ScoredTable) throws -> Void) throws {
    // A model of the whole device sees all sensors of a window, also where one of them alone is new.
    try batch.add(scope == .device ? input.completed() : input.windows, wanted: input.isWanted)
  }

  package func finish(_ handOver: (ScoredTable) throws -> Void) throws {
    defer { forget() }
    guard !batch.tables.isEmpty else { return }
    let rows: ScriptRows
    do {
      try runner.run(setup, batch, support: scratch)
      rows = try ScriptRows(path: batch.output, of: batch, scope: scope)
    } catch let fault as ScriptFault {
      throw TaskFailure("the script \(fault)")
    }
    for table in batch.tables { try handOver(rows.scored(table, version: setup.version)) }
  }

  package func forget() {
    batch.remove()
    batch = ScriptMiniBatch(folder: files, scope: scope)
  }

  package func rows(of windows: DeviceWindows) -> [(key: ModelKey, rows: [FeatureTable.Row])] {
    ScriptMiniBatch.tables(of: windows, scope).map { ($0.key, ScriptMiniBatch.rows(windows, $0.indices)) }
  }
}

/// Keeps the process of a script between tasks and jobs, so that it imports and reads its model once a worker. Used from one thread.
package final class ScriptRunner {
  private var current: (setup: ScriptSetup, process: ScriptProcess)?
  /// A script that did not start, and why: the next task need not try it again.
  private var failed: (setup: ScriptSetup, reason: String)?
  private var requests = 0
  private let log: ([UInt8]) -> Void

  /// - Parameter log: Takes what scripts print.
  package init(log: @escaping ([UInt8]) -> Void) { self.log = log }

  /// Has the script of `setup` score `batch`. Throws ``ScriptFault``, and `TaskFailure` where the script does not start at all.
  ///
  /// - Parameter support: The folder into which what comes with Sonde is written, where the script is started now.
  func run(_ setup: ScriptSetup, _ batch: ScriptMiniBatch, support: String) throws {
    let process = try started(setup, support)
    process.beginLog()
    requests += 1
    let request = ScriptRequest(
      task: requests, attempt: 1, windows: batch.windows, files: batch.files, output: batch.output)
    let reply: ScriptReply
    do {
      let limit = Duration.seconds(setup.runSeconds)
      process.send(request.line, within: limit)
      reply = try process.reply(within: limit, doing: "run()")
      guard reply.task == requests, reply.status != .ready else {
        throw ScriptFault("answered something that it was not asked")
      }
    } catch {
      // It is of no more use; one that says why it failed is.
      end()
      throw error
    }
    if reply.status == .failed { throw ScriptFault("failed: \(reply.reason ?? "it did not say why")") }
  }

  private func end() {
    current?.process.kill()
    current = nil
  }

  private func started(_ setup: ScriptSetup, _ support: String) throws -> ScriptProcess {
    if let current, current.setup == setup { return current.process }
    if let failed, failed.setup == setup { throw TaskFailure(failed.reason, retry: false) }
    end()
    do {
      let version = try ScriptSetup.version(
        of: setup.script, python: setup.python, model: setup.script.model ?? setup.modelFolder,
        layout: setup.layout)
      guard version == setup.version else {
        throw ScriptFault("or its model has changed since the job began, from \(setup.version) to \(version)")
      }
      let process = try ScriptProcess(
        setup.command(writingInto: support), in: setup.workingFolder, environment: setup.environment,
        memoryBytes: setup.script.memoryBytes, log: log)
      let reply = try process.reply(within: .seconds(setup.startSeconds), doing: "the start with init()")
      guard reply.status == .ready else {
        throw ScriptFault("did not start: \(reply.reason ?? "it did not say why")")
      }
      current = (setup, process)
      return process
    } catch let fault as ScriptFault {
      let reason = "the script \(fault)"
      failed = (setup, reason)
      throw TaskFailure(reason, retry: false)
    }
  }
}
