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
    // Workers of several machines share the folder.
    files = "\(scratch)/mini-batch-\(UUID().uuidString)"
    batch = ScriptMiniBatch(folder: files, scope: scope)
  }

  package var columns: [AggregateColumn] { ScriptMiniBatch.columns }

  package func take(_ input: DetectorInput, _ handOver: (ScoredTable) throws -> Void) throws {
    // A model of the whole device sees all sensors of a window, also where one of them alone is new.
    try batch.add(scope == .device ? input.completed() : input.windows, wanted: input.isWanted)
  }

  package func finish(_ handOver: (ScoredTable) throws -> Void) throws {
    do {
      for table in try scored() { try handOver(table) }
    } catch let fault as ScriptFault {
      throw TaskFailure("the script \(fault)")
    }
  }

  /// Starts the script where it does not run, and waits until its `init()` has ended. Throws ``ScriptFault`` and `TaskFailure`.
  package func start() throws {
    runner.beginJob()
    try runner.start(setup, support: scratch)
  }

  /// Scores the windows of devices, of each device once, without a task around them. A script that has ended is started again first. Throws
  /// ``ScriptFault``, `TaskFailure` and `FileError`.
  package func score(_ devices: [DeviceWindows]) throws -> [ScoredTable] {
    runner.beginJob()
    defer { forget() }
    for windows in devices { try batch.add(windows, wanted: nil) }
    return try scored()
  }

  private func scored() throws -> [ScoredTable] {
    defer { forget() }
    guard !batch.tables.isEmpty else { return [] }
    try runner.run(setup, batch, support: scratch)
    let rows = try ScriptRows(path: batch.output, of: batch, scope: scope)
    return batch.tables.map { rows.scored($0, version: setup.version) }
  }

  package func forget() {
    batch.remove()
    batch = ScriptMiniBatch(folder: files, scope: scope)
  }

  package func rows(of windows: DeviceWindows) -> [(key: ModelKey, rows: [FeatureTable.Row])] {
    ScriptMiniBatch.tables(of: windows, scope).map { ($0.key, ScriptMiniBatch.rows(windows, $0.indices)) }
  }
}
