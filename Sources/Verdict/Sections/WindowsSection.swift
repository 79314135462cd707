import Files

/// `windows`: what ingestion closed, held against a computation from the plan alone.
package struct WindowsSection: ReportSection {
  let run: RunMeasurements

  private var findings: PipelineOracle.Findings? { run.judged?.windows }

  package static let fields: [ReportField<Self>] = [
    .count("closed", "First revisions, one a sensor.") { $0.run.judged?.progress.windowsClosed },
    .count("revised", "Later revisions.") { $0.run.judged?.progress.windowsRevised },
    .count("expected", "Windows that should be there.") { $0.findings?.expectedWindows },
    .count("mismatched", "Windows that differ in a bit, are missing, or should not be there.") {
      $0.findings?.mismatchedWindows
    },
    .detail("mismatches", "The first of them, in words.") {
      .array(($0.findings?.examples ?? []).map(JSONValue.text))
    },
  ]
}
