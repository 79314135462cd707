import Foundation
import Wording

/// A ``RunStatus`` in one line, as wide as there is room: `publishing [####............] 25%  01-01T06:00  1,440 windows`.
package struct RunLine: Sendable {
  private let status: RunStatus

  package init(_ status: RunStatus) { self.status = status }

  /// The columns of the bar, without its brackets.
  private static let cells = 16

  /// The line in at most `width` columns; nil for a log, where nothing is drawn and nothing cut. What tells least goes first:
  /// the bar, which says the same as the number beside it, then the event time, then the jobs.
  package func text(width: Int?) -> String {
    guard let width else { return line(hasBar: false) }
    let lines = [
      line(hasBar: true), line(hasBar: false), line(hasBar: false, hasClock: false),
      line(hasBar: false, hasClock: false, hasJobs: false),
    ]
    return lines.first { $0.columns <= width } ?? lines[lines.count - 1].fitted(to: width)
  }

  private func line(hasBar: Bool, hasClock: Bool = true, hasJobs: Bool = true) -> String {
    if let deployment = status.deployment {
      // The windows and their event time are those of the run, which is over.
      let models = status.modelsTrained > 0 ? "\(status.modelsTrained) models" : "training"
      return "\(status.phase.rawValue)  \(deployment)  \(models)  \(status.jobsCompleted) jobs"
    }
    let share = status.share.isFinite ? min(1, max(0, status.share)) : 0
    let filled = Int(share * Double(Self.cells))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.cells - filled)
    let phase = status.phase.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
    let clock = status.eventTime.map { String($0.description.prefix(16).suffix(11)) } ?? "-----------"
    let percent = "\(Int(share * 100))%"
    var line = "\(phase) " + (hasBar ? "[\(bar)] " : "") + percent
    if hasClock { line += "  \(clock)" }
    line += "  \(status.windowsClosed.grouped) windows"
    if hasJobs, status.modelsTrained > 0 { line += "  \(status.jobsCompleted) jobs" }
    return line
  }
}
