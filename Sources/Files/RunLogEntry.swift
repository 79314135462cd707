import Foundation

/// A line of `logs/run.log`: what the run says of itself while it goes on, as JSON. Who watches a run has no other place to see its faults.
package struct RunLogEntry: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable {
    /// The first line: what the run is to do.
    case plan
    /// The fleet publishes; `timeline.csv` counts its seconds from here.
    case fleet
    /// The run has come to its next part.
    case phase
    /// Something that a person should read, such as a fault that has happened or a part that died.
    case notice
    /// How far that is which comes after the pipeline.
    case trial
  }

  package var kind: Kind
  /// Wall-clock time, in milliseconds since 1970.
  package var atMs: Int64
  package var text: String
  /// Of the plan: how many messages there will be, and the texts of the faults.
  package var messages: Int?
  package var faults: [String]?

  package init(
    _ kind: Kind, atMs: Int64, text: String, messages: Int? = nil, faults: [String]? = nil
  ) {
    self.kind = kind
    self.atMs = atMs
    self.text = text
    self.messages = messages
    self.faults = faults
  }

  private enum CodingKeys: String, CodingKey {
    case kind
    case atMs = "at_ms"
    case text, messages, faults
  }

  /// As a line, with its line feed.
  package var line: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [0x0A]
    }
  }

  /// Reads a line; nil where it is none.
  package init?(line: some Sequence<UInt8>) {
    guard let entry = try? JSONDecoder().decode(RunLogEntry.self, from: Data(line)) else { return nil }
    self = entry
  }
}
