import ClusterModel
import Foundation
import Telemetry
import Verdict

/// What a sweep of cluster sizes came to, for a person at a terminal of 80 columns.
enum SweepSummary {
  static func text(_ table: ClusterTable, _ account: SweepAccount) -> String {
    var lines = [table.terminalText.trimmingCharacters(in: .newlines)]
    lines += account.undone.map { "Not done to their end: \($0)." }
    lines.append("")
    lines += answers(table, account).flatMap { wrapped($0) }
    lines += fit(account).flatMap { wrapped($0) }
    return lines.joined(separator: "\n")
  }

  private static func answers(_ table: ClusterTable, _ account: SweepAccount) -> [String] {
    ClusterAnswers(table, account).sentences
  }

  /// How far the model can be trusted.
  private static func fit(_ account: SweepAccount) -> [String] {
    guard account.rounds > 0 else { return [] }
    var sentences = [
      "Fitted on \(account.tasks) tasks of \(account.rounds) rounds; reference jobs differed by "
        + "±\(percent(account.noise))."
    ]
    if let worst = account.worstError {
      sentences.append(
        "The worst prediction of a size that was held out is off by \(percent(worst)), known to "
          + "±\(percent(account.halfWidth)).")
    }
    if let reason = account.failure ?? account.uncertainty {
      sentences.append(reason.prefix(1).uppercased() + reason.dropFirst() + ".")
    }
    return sentences
  }

  private static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.1f%%", $0 * 100) } ?? "?"
  }

  /// Says on standard error what looks wrong in a price table of somebody's own.
  static func warn(of prices: PriceTable) {
    let today = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    for warning in PriceCheck(prices).warnings(today: today) {
      StandardError.write("prices: \(warning)")
    }
  }

  /// `text` in lines of at most 80 columns, broken between words.
  static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > ClusterTable.terminalColumns {
        lines.append(line)
        line = "  "
      }
      line += (line.isEmpty || line == "  " ? "" : " ") + word
    }
    return lines + [line]
  }
}
