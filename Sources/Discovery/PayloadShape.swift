import Telemetry

/// What an entry of a mapping reads: payloads of two shapes need two.
enum PayloadShape: Int, CaseIterable {
  case object
  /// A list of records.
  case list
  case senML
  case lines
  case number
  /// A word, or another text.
  case word
  case sparkplug
  case binary

  /// Whether an entry reads payloads of both.
  func isLike(_ other: PayloadShape) -> Bool {
    self == other || (isOneValue && other.isOneValue)
  }

  /// Whether it is how a device sends readings. A word may stand in for them for a while, and bytes be a fault.
  var isOfReadings: Bool {
    switch self {
    case .object, .list, .senML, .lines, .number: true
    case .word, .sparkplug, .binary: false
    }
  }

  private var isOneValue: Bool { self == .number || self == .word }

  /// Of most of `messages`; nil where none has any.
  static func most(of messages: some Sequence<SurveyedMessage>) -> PayloadShape? {
    var counts: [PayloadShape: Int] = [:]
    for message in messages { if let shape = message.shape { counts[shape, default: 0] += 1 } }
    return counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
  }
}

extension SurveyedMessage {
  /// Nil where it says nothing.
  var shape: PayloadShape? {
    switch kind {
    case .empty, .tooLarge: nil
    case .json, .canonical: message.payload.withUnsafeBufferPointer(SenML.isPack) ? .list : .object
    case .senML: .senML
    case .lineProtocol: .lines
    case .number: .number
    case .word, .text: .word
    case .sparkplug: .sparkplug
    case .binary: .binary
    }
  }
}
