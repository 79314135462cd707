import Compute
import Files
import Foundation
import Modelling
import OneClassSVM
import Telemetry

/// The text of prediction files: one row a scored window.
package enum PredictionFile {
  package static let header =
    "device,sensor,window_start,window_end,score,prediction,model_version,revision\n"
  package static let summaryHeader = "device,sensor,windows,anomalies,lowest_score,model_version\n"
  package static let failedHeader = "device,sensor,window_start,window_end,revision,reason\n"

  static func header(for action: OutputAction) -> String {
    switch action {
    case .appendRow: header
    case .summaryOnly: summaryHeader
    }
  }

  /// The row of a window that could not be scored.
  static func line(_ row: FailedRow) -> String {
    CSVWriter.line([
      row.key.device.name, row.key.sensorLabel, "\(row.start)", "\(row.end)", "\(row.revision)", row.reason,
    ])
  }
}
