import Detection
import Files
import Foundation

/// Detectors side by side, for people and for programs.
struct ComparisonTable {
  private let paths: [String]
  private let metrics: [DetectionMetrics]
  private let comparison: DetectorComparison

  init(_ paths: [String], _ metrics: [DetectionMetrics], _ comparison: DetectorComparison) {
    self.paths = paths
    self.metrics = metrics
    self.comparison = comparison
  }

  private static func figures(_ metrics: DetectionMetrics) -> [(name: String, value: Double?)] {
    [
      ("precision", metrics.precision), ("recall", metrics.recall), ("f1", metrics.f1),
      ("auc_pr", metrics.aucPR), ("auc_roc", metrics.aucROC), ("vus_pr", metrics.vusPR),
      ("vus_roc", metrics.vusROC), ("range_precision", metrics.rangePrecision),
      ("range_recall", metrics.rangeRecall), ("range_f1", metrics.rangeF1), ("event_f1", metrics.eventF1),
      ("affiliation_f1", metrics.affiliationF1), ("event recall", metrics.eventRecall),
      ("false alarms/day", metrics.falseAlarmsPerDeviceDay),
    ]
  }

  // MARK: - For people

  /// The detectors as letters, since paths do not fit above columns.
  private func letter(_ index: Int) -> String {
    index < 26 ? String(UnicodeScalar(UInt8(65 + index))) : "\(index + 1)"
  }

  var lines: [String] {
    var lines = paths.enumerated().map { "\(letter($0))  \($1)" }
    lines += ["", Self.row("", metrics.indices.map(letter))]
    lines.append(Self.row("windows", metrics.map { "\($0.windows)" }))
    lines.append(Self.row("anomalous windows", metrics.map { "\($0.anomalousWindows)" }))
    lines.append(Self.row("events found", metrics.map { "\($0.detectedEvents) of \($0.events)" }))
    let columns = metrics.map(Self.figures)
    for (index, figure) in (columns.first ?? []).enumerated() {
      lines.append(Self.row(figure.name, columns.map { Self.number($0[index].value) }))
    }
    for (index, metrics) in metrics.enumerated() {
      if let shortfall = metrics.shortfall() { lines.append("\(letter(index)): \(shortfall)") }
    }
    for (index, differences) in comparison.differences.enumerated() {
      lines += ["", "\(letter(index + 1)) less A" + String(repeating: " ", count: 16) + "95% interval"]
      for difference in differences {
        let value = Self.signed(difference.value)
        let interval = difference.low.flatMap { low in
          difference.high.map { "\(Self.signed(low)) to \(Self.signed($0))" }
        }
        let isTold = difference.low.flatMap { low in difference.high.map { low > 0 || $0 < 0 } } ?? false
        lines.append(
          Self.row(Self.name(difference.figure), [value]) + "  " + (interval ?? "too few resamples have it")
            + (isTold ? "  *" : ""))
      }
    }
    lines += [
      "",
      "intervals: \(comparison.resamples) paired resamples of \(comparison.units) \(comparison.unit.rawValue), seed "
        + "\(comparison.seed); * where both ends lie on one side of 0",
    ]
    if comparison.unit == .blocks, comparison.units < 10 {
      lines.append("so few blocks say little: the intervals are too narrow")
    }
    if Set(metrics.map(\.windows)).count > 1 {
      lines.append(
        "the files do not judge the same number of windows; what one lacks is no part of its figures")
    }
    return lines
  }

  private static func name(_ figure: DetectorComparison.Figure) -> String {
    switch figure {
    case .eventRecall: "event recall"
    case .falseAlarmsPerDeviceDay: "false alarms/day"
    case .precision, .recall, .f1, .aucPR, .aucROC: figure.rawValue
    }
  }

  private static func row(_ name: String, _ values: [String]) -> String {
    values.reduce(name.padding(toLength: 18, withPad: " ", startingAt: 0)) { row, value in
      row + String(repeating: " ", count: max(1, 12 - value.count)) + value
    }
  }

  private static func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }

  private static func signed(_ value: Double?) -> String { value.map { String(format: "%+.3f", $0) } ?? "–" }

  // MARK: - For programs

  func json() throws -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    let files = try zip(paths, metrics).map { path, metrics in
      JSONValue.object(["path": .text(path), "figures": try JSONValue(encoding: metrics)])
    }
    let differences = zip(paths.dropFirst(), comparison.differences).flatMap { path, differences in
      differences.map { difference in
        JSONValue.object([
          "path": .text(path), "against": .text(paths[0]), "figure": .text(difference.figure.rawValue),
          "difference": number(difference.value), "low": number(difference.low),
          "high": number(difference.high),
        ])
      }
    }
    return .object([
      "files": .array(files), "differences": .array(differences),
      "resampled": .text(comparison.unit.rawValue), "units": .number(Double(comparison.units)),
      "resamples": .number(Double(comparison.resamples)), "seed": .text("\(comparison.seed)"),
    ])
  }
}
