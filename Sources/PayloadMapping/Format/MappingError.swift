/// Why a text is no topic pattern, no path, no template or no time zone.
package struct MappingError: Error, Hashable, Sendable, CustomStringConvertible {
  package let reason: String

  init(_ reason: String) { self.reason = reason }

  package var description: String { reason }
}

/// A part of a mapping that is read from its text, and is that text in a file.
package protocol MappingText: Hashable, Sendable, Codable, CustomStringConvertible {
  /// As it was written.
  var text: String { get }
  /// Throws ``MappingError``.
  init(_ text: String) throws(MappingError)
}

extension MappingText {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do throws(MappingError) {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.reason)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package var description: String { text }
}

/// The names that topics and paths give, and templates use.
enum MappingName {
  /// What `{name}` stands for in a template of sensors: the keys of the value.
  static let ofValue = "name"

  static func isValid(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x5F
      }
  }

  static let sentence = "a name has letters A-Z and a-z, digits and _"
}
