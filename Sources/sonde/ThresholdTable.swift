import Detection
import Files
import Foundation
import Rainbow
import Verdict
import Wording

/// The rows of “sonde thresholds”, for people and for programs.
struct ThresholdTable {
  private let thresholds: RunThresholds
  private var sweep: ThresholdSweep { thresholds.sweep }

  init(_ thresholds: RunThresholds) { self.thresholds = thresholds }

  private func marks(_ row: ThresholdSweep.Row) -> (isInUse: Bool, isBest: Bool) {
    (row == sweep.inUse, row == sweep.bestF1)
  }

  // MARK: - For people

  /// At a terminal of 80 columns.
  func text(of folder: String) -> String {
    var lines = [
      "\(folder): \(sweep.windows.grouped) windows, \(sweep.anomalousWindows.grouped) of them anomalous, "
        + "\(sweep.events.grouped) events, \(Self.number(sweep.deviceDays)) device-days", "",
      Self.line("threshold", "flagged", "recall", "precision", "f1", "events", "false alarms"),
      Self.line("", "", "", "", "", "recall", "a device-day"),
    ]
    lines += sweep.rows.map { row in
      let marks = marks(row)
      let note = [marks.isInUse ? "in use" : nil, marks.isBest ? "best F1 (oracle)" : nil].compactMap(\.self)
      let line = Self.line(
        row.threshold.map(Self.threshold) ?? thresholds.name ?? "each its own", row.flagged.grouped,
        Self.share(row.recall), Self.share(row.precision), Self.share(row.f1), Self.share(row.eventRecall),
        Self.number(row.falseAlarmsPerDeviceDay))
      return note.isEmpty ? line : "\(line)  \(note.joined(separator: ", "))".bold
    }
    lines += ["", inUse]
    if sweep.bestF1 != nil {
      lines.append(
        "best F1: chosen with the labels, which nobody has before; an oracle's, and no promise")
    }
    lines.append(
      thresholds.origin == .training
        ? "as model.threshold in the scenario, a number gives its row"
        : "thresholds count from the scores' own boundary")
    return lines.joined(separator: "\n")
  }

  private var inUse: String {
    let name = thresholds.name ?? "models with different thresholds"
    return sweep.inUse.threshold == nil
      ? "in use: \(name); each model has a boundary of its own, which no one number is"
      : "in use: \(name)"
  }

  private static func line(_ first: String, _ others: String...) -> String {
    let widths = [8, 7, 10, 7, 7, 13]
    let front = String(repeating: " ", count: max(0, 15 - first.count)) + first
    return zip(others, widths).reduce(front) { line, column in
      line + String(repeating: " ", count: max(1, column.1 - column.0.count)) + column.0
    }
  }

  /// As people write it into a scenario: 0, not 0.0.
  private static func threshold(_ value: Double) -> String { JSONValue.number(value).description }

  private static func share(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: $0 == $0.rounded() ? "%.0f" : "%.2f", $0) } ?? "–"
  }

  // MARK: - For programs

  private static let columns = [
    "threshold", "flagged", "recall", "precision", "f1", "event_recall", "false_alarms_per_device_day",
    "in_use",
    "best_f1_oracle",
  ]

  /// A line a row, without a line end after the last. What has no number is empty.
  var csv: String {
    let text = sweep.rows.reduce(into: CSVWriter.line(Self.columns)) { text, row in
      let marks = marks(row)
      let figures = [row.recall, row.precision, row.f1, row.eventRecall, row.falseAlarmsPerDeviceDay]
      text += CSVWriter.line(
        [row.threshold.map(Self.threshold) ?? "", "\(row.flagged)"] + figures.map { $0.map { "\($0)" } ?? "" }
          + [marks.isInUse ? "1" : "0", marks.isBest ? "1" : "0"])
    }
    return String(text.dropLast())
  }

  var json: JSONValue {
    .object([
      "counted_from": .text(thresholds.origin.rawValue),
      "in_use": row(sweep.inUse), "in_use_name": thresholds.name.map(JSONValue.text) ?? .null,
      "best_f1_oracle": sweep.bestF1.map(row) ?? .null,
      "windows": .number(Double(sweep.windows)), "anomalous_windows": .number(Double(sweep.anomalousWindows)),
      "events": .number(Double(sweep.events)), "device_days": .number(sweep.deviceDays),
      "rows": .array(sweep.rows.map(row)),
    ])
  }

  private func row(_ row: ThresholdSweep.Row) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    let marks = marks(row)
    return .object([
      "threshold": number(row.threshold), "flagged": .number(Double(row.flagged)),
      "recall": number(row.recall),
      "precision": number(row.precision), "f1": number(row.f1), "event_recall": number(row.eventRecall),
      "false_alarms_per_device_day": number(row.falseAlarmsPerDeviceDay), "in_use": .bool(marks.isInUse),
      "best_f1_oracle": .bool(marks.isBest),
    ])
  }
}
