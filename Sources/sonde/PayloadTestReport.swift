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
      /// Whether `ts` is the time of arrival, because the message has none.
      var isArrival: Bool
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

  /// - Parameter arrival: When the message came.
  mutating func add(_ topic: String, arrival: Timestamp, _ outcome: PayloadOutcome) {
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
              ts: $0.timestamp.milliseconds, isArrival: $0.timestamp == arrival, sensor: $0.sensor.name,
              value: $0.value)
          }, refused: outcome.refused, reason: outcome.rejection))
      return
    }
    StandardOutput.write("\(topic.excerpt): \(fate)\(outcome.rejection.map { ": \($0)" } ?? "")")
    if !outcome.readings.isEmpty {
      printTable(
        ["  DEVICE", "TIME", "SENSOR", "VALUE"],
        outcome.readings.map {
          [
            "  \($0.device.name)", "\($0.timestamp)" + ($0.timestamp == arrival ? " (arrival)" : ""),
            $0.sensor.name, "\($0.value)",
          ]
        })
    }
    for reason in outcome.refused { StandardOutput.write("  not taken: \(reason)") }
    // A reason may be that of several values, and only the first reasons are kept.
    if outcome.refusedCount > outcome.refused.count {
      StandardOutput.write("  not taken in all: \(outcome.refusedCount) values")
    }
    StandardOutput.write("")
  }

  /// Writes what all of them came to.
  func end() throws {
    guard format == .text else { return try StandardOutput.writeJSON(lines, indented: true) }
    StandardOutput.write(
      "messages: \(taken) taken, \(ignored) ignored, \(rejected) rejected; values: \(readings) taken, \(refused) not taken"
    )
  }
}
