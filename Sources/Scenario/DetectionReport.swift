import BatchScoring
import Detection

/// The detection section of a report.
enum DetectionReport {
  static func value(layout: RunLayout, jobs: [JobRecord], labels: [Label]) throws -> ReportValue {
    .null
  }
}
