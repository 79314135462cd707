import Telemetry

/// What became of a message.
enum MessageFate: Sendable {
  /// At least one of its values is stored, or late.
  case taken
  case duplicate
  /// Each of its values contradicts one that is known of the same instant.
  case contradicted
}

/// How it is told whether a message came before, where that is not by its position.
enum MessageIdentity: Sendable {
  /// By device, sensor and time of its values, as those of foreign devices.
  case instant
  /// It is known to be new.
  case new
}

/// What became of the messages of one payload, so that a value of it that was not taken counts in one place.
struct PayloadAccount: Sendable {
  /// Values of another size than those that are known of the same instant.
  var contradictions = RefusedValues()
  private var taken = 0
  private var duplicates = 0

  mutating func note(_ fate: MessageFate) {
    switch fate {
    case .taken: taken += 1
    case .duplicate: duplicates += 1
    case .contradicted: break
    }
  }

  /// Whether it had no message.
  var isEmpty: Bool { taken == 0 && duplicates == 0 && contradictions.count == 0 }
  /// Whether nothing of the payload was new.
  var isDuplicate: Bool { taken == 0 && duplicates > 0 }
  /// Whether nothing of the payload was taken, now or before.
  var isContradicted: Bool { taken == 0 && duplicates == 0 }
}
