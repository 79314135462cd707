import Files
import Foundation
import Scenario
import Telemetry
import Wording

/// What became of messages, for people and for programs.
struct PayloadTestReport {
  private let format: OutputFormat
  private var taken = 0
  private var ignored = 0
  private var rejected = 0
  private var readings = 0
  private var refused = 0
  private var lines: [Line] = []

  init(format: OutputFormat) { self.format = format }

  /// Whether nothing was refused.
  var isAllTaken: Bool { rejected == 0 && refused == 0 }

  /// A message, as JSON has it.
  private struct Line: Encodable {
    struct Reading: Encodable {
      var device: String
      var epoch: Int64?
      var seq: Int64?
      var ts: Int64
      var sensor: String
      var value: Double
    }

    var topic: String
    /// `taken`, `ignored` or `rejected`.
    var fate: String
    var readings: [Reading]
    /// Why values and records are not taken.
    var refused: [String]
    /// Why nothing of the message is taken.
    var reason: String?
  }

  mutating func add(_ topic: String, _ outcome: PayloadOutcome) {
    readings += outcome.readings.count
    refused += outcome.refusedCount
    let fate: String
    if outcome.rejection != nil {
      rejected += 1
      fate = "rejected"
    } else if outcome.isNothing {
      ignored += 1
      fate = "ignored"
    } else {
      taken += 1
      fate = "taken"
    }
    guard format == .text else {
      lines.append(
        Line(
          topic: topic, fate: fate,
          readings: outcome.readings.map {
            Line.Reading(
              device: $0.device.name, epoch: $0.position?.epoch, seq: $0.position?.sequence,
              ts: $0.timestamp.milliseconds, sensor: $0.sensor.name, value: $0.value)
          }, refused: outcome.refused, reason: outcome.rejection))
      return
    }
    StandardOutput.write("\(topic.excerpt): \(fate)\(outcome.rejection.map { ": \($0)" } ?? "")")
    if !outcome.readings.isEmpty {
      printTable(
        ["  DEVICE", "TIME", "SENSOR", "VALUE"],
        outcome.readings.map { ["  \($0.device.name)", "\($0.timestamp)", $0.sensor.name, "\($0.value)"] })
    }
    for reason in outcome.refused { StandardOutput.write("  not taken: \(reason)") }
    let more = outcome.refusedCount - outcome.refused.count
    if more > 0 { StandardOutput.write("  not taken: \(more) more") }
    StandardOutput.write("")
  }

  /// Writes what all of them came to.
  func end() throws {
    guard format == .text else { return try StandardOutput.writeJSON(lines, indented: true) }
    StandardOutput.write(
      "\(taken + ignored + rejected) messages: \(taken) taken with \(readings) readings, \(ignored) ignored, "
        + "\(rejected) rejected; \(refused) values not taken")
  }
}
