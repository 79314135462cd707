import Charts
import Detection
import DetectionCharts
import Telemetry

/// Values of the pictures of detection.
enum DetectionSamples {
  static let start = Timestamp(iso8601: "2026-01-01T12:00:00Z")!
  /// Names as nobody should give them.
  static let hostile = [
    "<script>alert(1)</script>", "a\"b'c&d", "]]><svg onload=x>", "\u{7}\u{0}\u{1B}[2J", "W\u{202E}gnp.exe",
    String(repeating: "W", count: 64), String(repeating: "漢", count: 64), "", "  ",
  ]

  static func minute(_ minute: Int) -> Timestamp { start + .seconds(60 * minute) }

  static func span(_ from: Int, _ to: Int) -> Range<Timestamp> { minute(from)..<minute(to) }

  /// Half a day.
  static let range = span(0, 720)

  /// A device of which the windows of five minutes are quiet, but for the given ones, by their first minute.
  static func row(
    _ name: String, _ outcomes: [Int: WindowClass] = [:], labels: [Range<Timestamp>] = [],
    over range: Range<Timestamp> = range
  ) -> FoundChart.Row {
    var row = FoundChart.Row(device: name, summary: "\(outcomes.count) windows", over: range)
    for first in stride(from: 0, to: 720, by: 5) {
      row.add(outcomes[first] ?? .quiet, span(first, first + 5))
    }
    for label in labels { row.addLabel(label) }
    return row
  }

  static let found = FoundChart(
    [
      row(
        "pump-0001", [100: .missed, 105: .found, 110: .found, 115: .ignored, 400: .falseAlarm],
        labels: [span(100, 117)]),
      row("pump-0002", [600: .falseAlarm]), row("pump-0003"),
    ], of: 3, over: range)

  static let dots = FigureDots(
    title: "The detector beside the floors", summary: "Further to the right is better.",
    detectors: ["detector", "three sigma", "random"],
    groups: [
      .init("Found, by kind", [.init("mean", [1], note: "4 of 4"), .init("spike", [0.25], note: "1 of 4")]),
      .init("Windows", [.init("recall", [0.944, 0.92, 0.02]), .init("precision", [0.857, nil, 0.05])]),
    ], notes: ["The floors know nothing."])

  static func panel(_ title: String, _ finding: String = "mean, severity 4; 2 of 10 windows missed")
    -> WhyChart
    .Panel
  {
    let windows = (0..<40).map { span($0 * 5, $0 * 5 + 5) }
    return WhyChart.Panel(
      title: title, finding: finding, range: span(0, 200), span: span(100, 110),
      signal: windows.enumerated().map { index, span in
        let mean = 60 + Double(index % 7) + (index == 20 || index == 21 ? 20 : 0)
        return WhyChart.Signal(span: span, mean: mean, min: mean - 1.5, max: mean + 2)
      }, labels: [span(98, 112)],
      scores: windows.enumerated().map { index, span in
        let outcome: WindowClass = index == 20 ? .missed : index == 21 ? .found : .quiet
        return WhyChart.Score(
          span: span, score: index == 21 ? -0.1 : 0.05 + Double(index % 5) * 0.02, outcome: outcome)
      }, threshold: 0)
  }

  static let why = WhyChart(
    [panel("pump-0001 · temperature"), panel("pump-0002 · vibration", "false alarm, score -0.043")], of: 9)

  static let delay = DelayChart(
    kinds: [
      .init("mean", delays: [60, 120, 300, 600], events: 4), .init("spike", delays: [30, 45, 90], events: 4),
    ], untilJob: [600, 1200, 1500, 1800, 2400, 3000, 3500],
    markers: [.init("p50", seconds: 90), .init("p90", seconds: 600), .init("longest", seconds: 600)])
}
