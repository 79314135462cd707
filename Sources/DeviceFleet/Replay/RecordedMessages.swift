import Telemetry

/// The messages of one recorded device, in order of time.
struct RecordedMessages: Sequence, IteratorProtocol, Sendable {
  /// No messages at all.
  static let none = RecordedMessages(messages: [])

  private let messages: [Message]
  private var index = 0

  init(messages: [Message]) { self.messages = messages }

  mutating func next() -> Message? {
    guard index < messages.count else { return nil }
    defer { index += 1 }
    return messages[index]
  }
}
