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
