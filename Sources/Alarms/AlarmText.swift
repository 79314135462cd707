import Files
import Foundation
import Telemetry
import Wording

/// Alarms as people read them, and as a table.
package enum AlarmText {
  /// How many reasons a person is told; JSON and CSV have all.
  private static let reasons = 3

  /// The line of an alarm, and one for each of its first reasons.
  package static func lines(of alarm: Alarm) -> [String] {
    let known = alarm.knownAt.map { ", known \(seconds($0))" } ?? ""
    let count = "\(alarm.windows) \(alarm.windows == 1 ? "window" : "windows")"
    var lines = [
      "\(number(alarm.strength).leftPadded(to: 8))  \(alarm.device.name)  \(sensors(of: alarm))",
      "\(indent)\(seconds(alarm.from)) to \(seconds(alarm.to)), \(count)",
      "\(indent)job \(alarm.job)\(known)",
    ]
    lines += alarm.reasons.prefix(reasons).map { "\(indent)\(text(of: $0))" }
    let others = alarm.reasons.count - reasons
    if others > 0 {
      lines.append("\(indent)and \(others) more unusual \(others == 1 ? "feature" : "features")")
    }
    return lines
  }

  private static let indent = String(repeating: " ", count: 10)

  /// What stands above the alarms.
  package static let header = "STRENGTH  DEVICE  SENSORS, farthest first, and why; sd: standard deviations"

  /// Of a feature: its value, what is usual, and how far it is off.
  package static func text(of reason: Alarm.Reason) -> String {
    "\(reason.feature) \(number(reason.value)), usually \(number(reason.usualLow)) to \(number(reason.usualHigh)) "
      + "(\(signed(reason.deviations)) sd)"
  }

  package static let csvHeader = "device,sensors,from,to,windows,job,known_at,strength,reasons\n"

  /// The row of an alarm, with its line's end. Sensors are separated by spaces, reasons by semicolons.
  package static func csvLine(of alarm: Alarm) -> String {
    CSVWriter.line([
      alarm.device.name, alarm.sensors.map(\.name).joined(separator: " "), "\(alarm.from)", "\(alarm.to)",
      "\(alarm.windows)", alarm.job, alarm.knownAt.map { "\($0)" } ?? "", "\(alarm.strength)",
      alarm.reasons.map(text).joined(separator: "; "),
    ])
  }

  private static func sensors(of alarm: Alarm) -> String {
    alarm.sensors.isEmpty
      ? "no reason: scored by a script, or its windows or models are gone"
      : alarm.sensors.map(\.name).joined(separator: ", ")
  }

  /// An instant to the second, in UTC.
  private static func seconds(_ time: Timestamp) -> String {
    String(time.description.prefix(19)).replacing("T", with: " ")
  }

  private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

  private static func signed(_ value: Double) -> String { String(format: "%+.1f", value) }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
