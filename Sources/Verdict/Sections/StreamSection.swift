import Files
import WindowStore

/// `stream`: scoring inside the stream. The first five figures are those that Azure Stream Analytics gives of its calls of a function.
package struct StreamSection: ReportSection {
  package let figures: StreamFigures

  package static let fields: [ReportField<Self>] = [
    .count("function_requests", "Requests that were sent, each attempt counted.", from: .streamScoring) {
      $0.figures.functionRequests
    },
    .count("function_events", "Their rows.", from: .streamScoring) { $0.figures.functionEvents },
    .count(
      "failed_function_requests", "Requests without scores: another answer than 200, or none.",
      from: .streamScoring
    ) { $0.figures.failedFunctionRequests },
    .count("backlogged_windows", "Rows without a score when the run ended.", from: .streamScoring) {
      $0.figures.backlogged
    },
    .section(
      "watermark_delay_ms",
      "How far the fleet's watermark was beyond a window when its score was stored, in event time.",
      from: .streamScoring
    ) { section in section.figures.delayMs.map { WatermarkDelaySection(delays: $0) } },
    .count("retries", "Requests that were sent again.", from: .streamScoring) { $0.figures.retries },
    .count("scored", "Rows with a score.", from: .streamScoring) { $0.figures.scored },
    .count("unscored", "Rows that cannot have one.", from: .streamScoring) { $0.figures.unscored },
    .count(
      "late_windows", "Scores that came more than a window's length of event time after their window.",
      from: .streamScoring
    ) { $0.figures.late },
    .count("most_backlogged", "The most rows that waited at a time.", from: .streamScoring) {
      $0.figures.mostBacklogged
    },
    .detail("failure", "Why it has ended before its time.") {
      $0.figures.failure.map(JSONValue.text) ?? .null
    },
  ]
}

/// `stream.watermark_delay_ms`.
struct WatermarkDelaySection: ReportSection {
  let delays: StreamFigures.Delays

  static let fields: [ReportField<Self>] = [
    .measured("p50", "The median over the scores.", from: .streamScoring) { $0.delays.p50 },
    .measured("p99", "The 99th percentile.", from: .streamScoring) { $0.delays.p99 },
    .measured("max", "The greatest.", from: .streamScoring) { $0.delays.max },
    .measured("last", "Of the scores that were stored last.", from: .streamScoring) { $0.delays.last },
  ]
}
