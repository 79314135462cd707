import Telemetry

/// How event time runs against the wall clock.
package enum PublishingClock: Hashable, Sendable, CustomStringConvertible {
  /// Event time runs `factor` times as fast as the wall clock; 1 is real time.
  case scaled(factor: Double)
  /// As fast as the pipeline carries it: no schedule to keep, and back-pressure rules.
  case max

  /// Real time.
  package static let real = PublishingClock.scaled(factor: 1)

  /// As ``init(_:)`` reads it.
  package var description: String {
    switch self {
    case .max: "max"
    case .real: "real"
    case .scaled(let factor): "x\(factor)"
    }
  }

  /// Reads `real`, `max` or `x60`. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    switch text {
    case "real": self = .real
    case "max": self = .max
    default:
      guard text.first == "x", let factor = Double(text.dropFirst()), factor > 0, factor.isFinite else {
        return nil
      }
      self = .scaled(factor: factor)
    }
  }
}

/// In a file it is written as in a scenario: `real`, `max` or `x60`.
extension PublishingClock: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let clock = PublishingClock(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected real, max or a factor such as x60")
    }
    self = clock
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
