import PayloadMapping
import Telemetry

/// How a payload is written, as far as it shows.
package enum PayloadKind: String, CaseIterable, Hashable, Sendable, Codable {
  case empty
  /// The JSON that ingestion reads without a mapping.
  case canonical
  /// A pack of RFC 8428, which ingestion reads without a mapping.
  case senML = "senml"
  case json
  /// A number alone, also in quotation marks.
  case number
  /// A word alone, such as `on`; a boolean too.
  case word
  case lineProtocol = "line-protocol"
  case sparkplug = "sparkplug-b"
  /// Text that is none of these.
  case text
  case binary
  /// Beyond what ingestion reads.
  case tooLarge = "too-large"

  /// For people.
  package var name: String {
    switch self {
    case .empty: "empty"
    case .canonical: "Sonde's own JSON"
    case .senML: "SenML"
    case .json: "JSON"
    case .number: "a number"
    case .word: "a word"
    case .lineProtocol: "line protocol"
    case .sparkplug: "Sparkplug B"
    case .text: "text"
    case .binary: "binary"
    case .tooLarge: "too large"
    }
  }
}

/// A kept message, and what its payload is.
struct SurveyedMessage {
  var message: KeptMessage
  var kind: PayloadKind
  /// What is written where it is one value.
  var scalar: String?
  /// Of payloads of JSON that are objects or lists, the outer members, without times.
  private(set) var members: [String] = []

  init(_ message: KeptMessage) {
    self.message = message
    (kind, members, scalar) = message.payload.withUnsafeBufferPointer {
      Self.look(at: $0, topic: message.topic, arrival: message.arrival)
    }
  }

  private static func look(
    at payload: UnsafeBufferPointer<UInt8>, topic: String, arrival: Timestamp
  ) -> (PayloadKind, [String], String?) {
    guard payload.contains(where: { $0 > 0x20 }) else { return (.empty, [], nil) }
    guard payload.count <= PayloadCodec.maximumBytes else { return (.tooLarge, [], nil) }
    let isText = String(validating: payload, as: UTF8.self) != nil && !payload.contains { $0 < 9 }
    let content = PayloadCodec.withoutByteOrderMark(payload)
    let json = isText ? try? JSONText.read(content) : nil
    if topic.hasPrefix("spBv1.0/"), json == nil { return (.sparkplug, [], nil) }
    guard isText else { return (.binary, [], nil) }
    switch json {
    case .object?, .array?:
      let kind = ownForm(payload, topic: topic, arrival: arrival)
      return (kind ?? .json, outerMembers(json), nil)
    case .number(let number, let digits)?:
      return number.isFinite && digits.utf8.count <= longestScalar ? (.number, [], digits) : (.text, [], nil)
    case .bool(let flag)?: return (.word, [], flag ? "true" : "false")
    case .null?, .notFinite?: return (.word, [], trimmed(content).text)
    case .text(let text)?: return quoted(text, content)
    case nil:
      let (text, bytes) = trimmed(content)
      if bytes.first == 0x22, case .text(let text)? = try? JSONText.read(bytes) { return quoted(text, bytes) }
      if LineForm.first(of: text) != nil { return (.lineProtocol, [], nil) }
      return (scalarKind(text), [], text)
    }
  }

  /// The value `text` in quotation marks, of which ingestion reads a number only where nothing in it is escaped.
  private static func quoted(
    _ text: String, _ content: UnsafeBufferPointer<UInt8>
  ) -> (PayloadKind, [String], String?) {
    guard !content.contains(0x5C) else {
      let kind = scalarKind(text)
      return (kind == .number ? .word : kind, [], text)
    }
    var text = text
    let inner = text.withUTF8 { trimmed($0).text }
    return (scalarKind(inner), [], inner)
  }

  /// What the payload says, read again: trees of all kept messages at once would take many times their bytes.
  var json: WrittenJSON? {
    message.payload.withUnsafeBufferPointer {
      try? JSONText.read(PayloadCodec.withoutByteOrderMark($0))
    }
  }

  /// What stands in a payload that is the one value `scalar`.
  func leaf(of scalar: String) -> Leaf {
    guard kind == .number, let number = WrittenNumber.value(scalar) else { return .text(scalar) }
    return .number(number, digits: scalar)
  }

  private static func outerMembers(_ json: WrittenJSON?) -> [String] {
    switch json {
    case .object(let members):
      let keys = members.prefix(64).map { String($0.key.prefix(64)) }
      let telling = keys.filter { TopicWords.timeRank($0) == 0 }
      return telling.isEmpty ? [""] : telling
    case .array(let elements):
      return outerMembers(elements.first(where: \.isObject) ?? elements.first).map { "[]" + $0 }
    default: return [""]
    }
  }

  /// By which topics with payloads of one kind are found: of JSON its shape and its outer members.
  var features: [String] {
    switch shape {
    case .object?: members.map { "json:" + $0 }
    case .list?: members.map { "json-list:" + $0 }
    case .senML?: members.map { "json-senml:" + $0 }
    default: [kind.rawValue]
    }
  }

  /// Which of the forms of ingestion's own `payload` has.
  private static func ownForm(
    _ payload: UnsafeBufferPointer<UInt8>, topic: String, arrival: Timestamp
  ) -> PayloadKind? {
    var messages = 0
    let device = TelemetryTopic.device(in: topic)
    guard
      (try? PayloadCodec.decodeAll(payload, topicDevice: device, received: arrival) { _ in messages += 1 })
        != nil, messages > 0
    else { return nil }
    return SenML.isPack(payload) ? .senML : .canonical
  }

  /// Without the blanks around it that ingestion passes over.
  private static func trimmed(
    _ text: UnsafeBufferPointer<UInt8>
  ) -> (text: String, bytes: UnsafeBufferPointer<UInt8>) {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
    guard let first = text.firstIndex(where: { !isSpace($0) }),
      let last = text.lastIndex(where: { !isSpace($0) })
    else { return ("", UnsafeBufferPointer(rebasing: text[..<0])) }
    let bytes = UnsafeBufferPointer(rebasing: text[first...last])
    return (String(decoding: bytes, as: UTF8.self), bytes)
  }

  /// Bytes of a payload that is one value: nobody writes longer numbers.
  private static let longestScalar = 64

  private static func scalarKind(_ text: String) -> PayloadKind {
    guard text.utf8.count <= longestScalar else { return .text }
    if WrittenNumber.value(text) != nil { return .number }
    return text.utf8.count <= 32 && !text.contains { $0.isNewline || $0 == "," || $0 == ";" } ? .word : .text
  }
}
