import Wording

/// Why a payload is not a message. The text is what a person reads in `rejected_messages`.
package enum PayloadError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLarge(bytes: Int)
  case notUTF8
  case malformed(String)
  case invalidDevice(String)
  case otherDevice(payload: String, topic: String)
  case noValues
  /// There are values, and none of them can be taken.
  case noSoundValue(RefusedValues)
  case tooManyValues(Int)
  case timestampOutOfRange(Int64)
  case negativePosition
  /// The time lies further ahead than is believed.
  case tooFarInTheFuture(milliseconds: Int64, limit: Duration)

  package var description: String {
    switch self {
    case .tooLarge(let bytes): "the payload has \(bytes) bytes; at most \(PayloadCodec.maximumBytes) are read"
    case .notUTF8: "the payload is not UTF-8"
    case .malformed(let detail): "the payload is not a message: \(detail)"
    case .invalidDevice(let name): "\(name.quoted) is not a device id, \(IdentifierRule.sentence)"
    case .otherDevice(let payload, let topic):
      "the payload is of device “\(payload)”, the topic of “\(topic)”"
    case .noValues: "the message has no values"
    case .noSoundValue(let refused): "no value of the message is taken: \(refused.reasonText)"
    case .tooManyValues(let count):
      "the message has \(count) values; at most \(PayloadCodec.maximumValues) are read"
    case .timestampOutOfRange(let milliseconds):
      "the time \(milliseconds) ms is outside the years 1970 to 9999"
    case .tooFarInTheFuture(let milliseconds, let limit):
      "the time \(Timestamp(milliseconds: milliseconds)) is more than \(limit.text) ahead of every clock; "
        + "believing it would close the device's windows"
    case .negativePosition: "epoch and seq must be given both, and not be negative"
    }
  }
}

/// The values of a payload that were not taken although the rest of it was: how many, and why.
package struct RefusedValues: Hashable, Sendable {
  /// Reasons that are kept; of further values the number says enough, and a row of `rejected_messages` stays short.
  package static let namedReasons = 5

  package private(set) var count = 0
  /// Those of the first values: ``namedReasons`` at most.
  package private(set) var reasons: [String] = []
  /// How many values have these reasons.
  private var named = 0

  package init() {}

  /// Adds a value that is not taken.
  package mutating func add(_ reason: @autoclosure () -> String) {
    add(1, reason())
  }

  /// Adds `count` values that are not taken for one reason.
  package mutating func add(_ count: Int, _ reason: @autoclosure () -> String) {
    guard count > 0 else { return }
    self.count += count
    guard reasons.count < Self.namedReasons else { return }
    reasons.append(reason())
    named += count
  }

  /// Adds what another part of the same payload could not take.
  package mutating func add(_ other: RefusedValues) {
    count += other.count
    let room = Self.namedReasons - reasons.count
    guard room > 0 else { return }
    reasons += other.reasons.prefix(room)
    named += room < other.reasons.count ? room : other.named
  }

  /// The reasons in a line, for `rejected_messages`.
  package var reasonText: String {
    let rest = count - named
    return reasons.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }

  /// What a person reads of a message whose other values were taken.
  package var sentence: String {
    (count == 1 ? "one value is not taken: " : "\(count) values are not taken: ") + reasonText
  }
}
