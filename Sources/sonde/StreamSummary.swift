import WindowStore
import Wording

/// What scoring inside the stream came to, for a person at a terminal of 80 columns.
enum StreamSummary {
  static func lines(_ figures: StreamFigures) -> [String] {
    let requests = figures.functionRequests
    var lines = [
      RunSummary.line(
        "stream", "\(figures.scored.grouped) scores in \(requests.grouped) requests",
        "\(figures.retries.grouped) sent again", "\(figures.unscored.grouped) without a score")
    ]
    if let delays = figures.delayMs {
      lines.append(
        RunSummary.line(
          "",
          "behind the watermark: p50 \(seconds(delays.p50)), p99 \(seconds(delays.p99)), max \(seconds(delays.max))"
        ))
      lines.append(RunSummary.line("", "\(figures.late.grouped) late by more than a window"))
    }
    return lines
  }

  /// Milliseconds of event time as people say them.
  private static func seconds(_ milliseconds: Double) -> String {
    Duration.milliseconds(Int64(milliseconds)).text
  }
}
