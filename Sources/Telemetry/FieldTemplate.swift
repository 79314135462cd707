import Wording

/// Why a text is no template.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
  package let reason: String
  /// The field that is not known; nil where something else is wrong.
  package let field: String?

  package var description: String { reason }
}

/// Text with named fields: `${name}` stands for a value, `$$` for a dollar sign.
package struct FieldTemplate<Field: Hashable & Sendable>: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case text([UInt8])
    case field(Field)
  }

  /// As it was written.
  package let text: String
  let pieces: [Piece]

  /// Reads `text`; `field` knows the names. Throws ``TemplateError``.
  package init(_ text: String, field: (Substring) -> Field?) throws(TemplateError) {
    self.text = text
    var pieces: [Piece] = []
    var literal: [UInt8] = []
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      literal += Array(rest[..<dollar].utf8)
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        literal.append(UInt8(ascii: "$"))
        rest = rest.dropFirst()
        continue
      }
      guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
        throw TemplateError(reason: "a field is written ${name}, and a dollar sign $$", field: nil)
      }
      let name = rest[rest.index(after: rest.startIndex)..<end]
      guard let known = field(name) else {
        throw TemplateError(reason: "there is no field \(name.quoted)", field: String(name))
      }
      if !literal.isEmpty { pieces.append(.text(literal)) }
      literal = []
      pieces.append(.field(known))
      rest = rest[rest.index(after: end)...]
    }
    literal += Array(rest.utf8)
    if !literal.isEmpty { pieces.append(.text(literal)) }
    self.pieces = pieces
  }

  /// The fields in it, in order.
  package var fields: [Field] {
    pieces.compactMap { if case .field(let field) = $0 { field } else { nil } }
  }

  /// Appends the text to `buffer`, each field as `write` appends it.
  @inline(__always)
  func write(into buffer: inout [UInt8], _ write: (Field, inout [UInt8]) -> Void) {
    for piece in pieces {
      switch piece {
      case .text(let bytes): buffer.append(contentsOf: bytes)
      case .field(let field): write(field, &buffer)
      }
    }
  }
}

/// Who publishes, as topics and status messages name it.
package struct PublisherNames: Hashable, Sendable {
  package var group: String
  package var device: String
  /// The connection that carries the device; the device itself where it has one of its own.
  package var gateway: String

  package init(group: String, device: String, gateway: String) {
    self.group = group
    self.device = device
    self.gateway = gateway
  }
}

/// Text about who publishes: a topic, or the payload of a birth message or last will.
package struct AddressTemplate: Hashable, Sendable {
  package enum Field: String, CaseIterable, Sendable {
    case device, group, gateway
  }

  /// `devices/${device}/telemetry`, which ingestion reads by itself.
  package static let telemetry: AddressTemplate = {
    do { return try AddressTemplate("devices/${device}/telemetry") } catch {
      preconditionFailure("\(error)")
    }
  }()

  private let template: FieldTemplate<Field>

  /// Throws ``TemplateError``.
  package init(_ text: String) throws(TemplateError) {
    template = try FieldTemplate(text) { Field(rawValue: String($0)) }
  }

  package var text: String { template.text }

  package func uses(_ field: Field) -> Bool { template.fields.contains(field) }

  /// Appends the text for one publisher to `buffer`.
  package func write(_ names: PublisherNames, into buffer: inout [UInt8]) {
    template.write(into: &buffer) { field, buffer in
      switch field {
      case .device: buffer.append(contentsOf: names.device.utf8)
      case .group: buffer.append(contentsOf: names.group.utf8)
      case .gateway: buffer.append(contentsOf: names.gateway.utf8)
      }
    }
  }

  /// The text for one publisher.
  package func string(_ names: PublisherNames) -> String {
    var buffer: [UInt8] = []
    write(names, into: &buffer)
    return String(decoding: buffer, as: UTF8.self)
  }

  /// As a topic, the filter that matches it for every publisher: a level with a field becomes `+`.
  package var filter: String {
    text.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.contains("${") ? "+" : $0.replacing("$$", with: "$") }.joined(separator: "/")
  }

  /// Why it is no topic to publish on; nil where it is one (MQTT 5, 4.7).
  package var topicFault: String? {
    if text.isEmpty { return "a topic has at least one character" }
    if text.contains(where: { "+#\0".contains($0) }) { return "a topic has no +, # or NUL" }
    if text.hasPrefix("$$") { return "topics that begin with $ belong to the broker" }
    // The longest that the fields can make of it stays far below MQTT's 65,535 bytes.
    return text.utf8.count > 1024 ? "a topic of more than 1,024 bytes" : nil
  }
}
