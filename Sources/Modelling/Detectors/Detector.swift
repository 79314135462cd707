import Telemetry
import WindowStore

/// What a deployment runs: it gives each window of a task's devices a score. The one-class SVM is one (``OneClassDetector``), a
/// scoring script another (``ScriptDetector``); whoever runs jobs need not know which.
///
/// It is handed the devices of a task one by one, and may hold them back until the task's last. Used from one thread.
package protocol Detector: AnyObject {
  /// The aggregates that it needs of every window.
  var columns: [AggregateColumn] { get }

  /// Takes the windows of one device, and hands over what it has scored so far, in the order of the devices. Throws where the task cannot
  /// be done now; what cannot be scored at all is handed over as failed.
  func take(_ input: DetectorInput, _ handOver: (ScoredTable) throws -> Void) throws

  /// The task has no more devices: hands over the rest. Throws as ``take(_:_:)`` does.
  func finish(_ handOver: (ScoredTable) throws -> Void) throws

  /// Forgets the devices that it has been handed and not scored: the task will be begun again, or another one.
  func forget()

  /// Which rows the windows of a device are, model by model, without scores.
  func rows(of windows: DeviceWindows) -> [(key: ModelKey, rows: [FeatureTable.Row])]
}

/// The windows of one device that are to be scored.
package struct DetectorInput {
  /// Those of the job's cut.
  package let windows: DeviceWindows
  /// Whether a window of a model is to be scored; nil where every one is.
  package let isWanted: ((ModelKey, Timestamp) -> Bool)?
  /// Reads all windows, of whatever sensor, that start when one of ``windows`` does: a late reading of one sensor revises the window of
  /// that sensor alone, and a model of the whole device needs the others too.
  package let completed: () throws -> DeviceWindows

  package init(
    windows: DeviceWindows, isWanted: ((ModelKey, Timestamp) -> Bool)? = nil,
    completed: @escaping () throws -> DeviceWindows
  ) {
    self.windows = windows
    self.isWanted = isWanted
    self.completed = completed
  }

  /// The rows of `table` that are to be scored.
  func wanted(_ table: FeatureTable) -> FeatureTable {
    guard let isWanted else { return table }
    var result = table
    result.rows = []
    result.features = .init(columns: table.features.columns, reservingRows: 0)
    for (index, row) in table.rows.enumerated() where isWanted(table.key, row.start) {
      result.rows.append(row)
      result.features.append(table.features[row: index])
    }
    result.failures = table.failures.filter { isWanted(table.key, $0.start) }
    return result
  }
}

/// What a detector says of the windows of one model.
package struct ScoredTable {
  /// What it says of one window.
  package struct Call: Hashable, Sendable {
    /// Negative for an outlier, and the lower the farther out. Finite.
    package var score: Double
    package var isAnomaly: Bool

    package init(score: Double, isAnomaly: Bool) {
      self.score = score
      self.isAnomaly = isAnomaly
    }
  }

  package let key: ModelKey
  package let modelVersion: String
  /// By start.
  package let rows: [FeatureTable.Row]
  /// A score for each of ``rows``; NaN for one that could not be scored and is among ``failures``.
  package let scores: [Double]
  /// Whether each of ``rows`` is an anomaly; nil where the sign of the score says so.
  package let flags: [Bool]?
  /// The windows that have no score, in any order.
  package let failures: [FailedRow]

  package init(
    key: ModelKey, modelVersion: String, rows: [FeatureTable.Row], scores: [Double], flags: [Bool]? = nil,
    failures: [FailedRow] = []
  ) {
    self.key = key
    self.modelVersion = modelVersion
    self.rows = rows
    self.scores = scores
    self.flags = flags
    self.failures = failures
  }
}

extension FailedRow {
  package init(of key: ModelKey, _ row: FeatureTable.Row, reason: String) {
    self.init(key: key, start: row.start, end: row.end, revision: row.revision, reason: reason)
  }
}
