import Foundation
import PayloadMapping
import Scenario
import Telemetry
import TestSupport
import Testing

/// `docs/payloads.md` says what is true: its mappings are read, and its messages become what it says.
@Suite struct PayloadPageTests {
  private func page() throws -> String {
    try String(contentsOfFile: "\(SondeProgram.packageRoot)/docs/payloads.md", encoding: .utf8)
  }

  /// The indented blocks of the page, without their indentation.
  private func blocks() throws -> [String] {
    var blocks: [[Substring]] = [[]]
    for line in try page().split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    ") {
        blocks[blocks.count - 1].append(line.dropFirst(4))
      } else if blocks.last?.isEmpty == false {
        blocks.append([])
      }
    }
    return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
  }

  @Test func itsMappingsAreSound() throws {
    var count = 0
    for block in try blocks() {
      let lines = block.split(separator: "\n").filter { !$0.hasPrefix("#") }
      let text = lines.joined(separator: "\n") + "\n"
      switch lines.first {
      case let first? where first.hasPrefix("name: "):
        #expect(try PayloadDocument.parse(text, path: "page.yaml").messages.count == 2)
      case let first? where first.hasPrefix("- topic:"):
        // Every entry ignored is no mapping.
        let other = "- { topic: other, time: arrival, device: d }\n"
        #expect(
          try PayloadDocument.parse("messages:\n\(text)\(other)", path: "page.yaml").messages.count == 2)
      default: continue
      }
      count += 1
    }
    #expect(count == 4)
  }

  @Test func itHasEveryKey() throws {
    let page = try page()
    let keys = ScenarioSchema.paths.filter { $0.hasPrefix("ingestion.payload.") }
    #expect(keys.count > 30)
    for key in keys {
      let name = try #require(key.split(separator: ".").last).replacing("[]", with: "")
      #expect(page.contains("`\(name)`") || page.contains("\(name):"), "\(key)")
    }
  }

  /// Messages of one preset, as examples of a page.
  @Test func thePagesExamplesBecomeWhatItSays() throws {
    let page = try page()
    for preset in PayloadPreset.allCases {
      let section = try #require(
        page.split(separator: "\n### \(preset.rawValue)\n").dropFirst().first,
        "\(preset.rawValue) is not on the page")
      let lines = section.prefix { _ in true }.split(separator: "\n")
        .drop { !$0.hasPrefix("    ") }.prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
      let message = try #require(lines.first)
      let space = try #require(message.firstIndex(of: " "))
      var trial = PayloadTrial(try PayloadDocument.mapping(of: preset))
      let outcome = trial.outcome(
        topic: String(message[..<space]), payload: Array(message[message.index(after: space)...].utf8),
        arrival: PayloadSample.arrival)
      let readings = outcome.readings.map { reading in
        let time = reading.timestamp == PayloadSample.arrival ? "arrival" : "\(reading.timestamp)"
        let value = reading.value == reading.value.rounded() ? "\(Int64(reading.value))" : "\(reading.value)"
        return "→ \(reading.device) \(time) \(reading.sensor) \(value)"
      }
      #expect(
        !readings.isEmpty && readings.sorted() == lines.dropFirst().map(String.init).sorted(),
        "\(preset.rawValue)")
      #expect(outcome.refused.isEmpty && outcome.rejection == nil)
    }
  }
}
