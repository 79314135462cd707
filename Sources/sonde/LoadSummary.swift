import Foundation
import Verdict

/// How a run's load was carried, for a person at a terminal of 80 columns.
enum LoadSummary {
  /// A table of the stages where there are several, and which part was the limit of the first that was not carried.
  static func lines(_ report: RunReport) -> [String] {
    let stages = report.load
    guard stages.count > 1 || report.capacity != nil else { return limit(stages) }
    var lines = [""] + LoadTable(stages).terminalLines
    if let capacity = report.capacity {
      lines += [""] + capacity.sentences.flatMap { SweepSummary.wrapped($0) }
    } else {
      lines += limit(stages)
    }
    return lines
  }

  /// Why the first stage that was not carried was not.
  private static func limit(_ stages: [LoadFigures]) -> [String] {
    guard let stage = stages.first(where: { $0.isCarried == false }) else { return [] }
    let limit = LoadLimit(stage)
    let number = stages.count > 1 ? " of stage \(stage.stage)" : ""
    return indented(
      "The load\(number) was not carried: \(limit.part.rawValue); \(limit.reason).", under: "limit")
  }

  /// `text` beside a subject, in lines of 80 columns.
  private static func indented(_ text: String, under subject: String) -> [String] {
    let indent = 14
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= 80 - indent {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.enumerated().map { index, line in
      ("  " + (index == 0 ? subject : "")).padding(toLength: indent, withPad: " ", startingAt: 0) + line
    }
  }
}
