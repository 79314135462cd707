import Telemetry

/// Which of a payload's messages are of which instant, and what they have. A payload may tell the history of metrics: then it has as many
/// instants as metrics, and looking through them for each would take forever.
struct InstantTable {
  private struct Told: Hashable {
    let metric: Int
    let milliseconds: Int64
  }

  /// Payloads of so many metrics are looked through.
  private static let few = 64

  private let isLarge: Bool
  /// Of a large payload: the last message of each instant.
  private var places: [Int64: Int] = [:]
  private var told: Set<Told> = []

  init(metrics count: Int) { isLarge = count > Self.few }

  /// The message that takes a value of this instant; nil where there is none with room.
  func place(at milliseconds: Int64, in messages: [Message]) -> Int? {
    var place = messages.count - 1
    if isLarge {
      place = places[milliseconds] ?? -1
    } else {
      while place >= 0, messages[place].timestamp.milliseconds != milliseconds { place -= 1 }
    }
    return place >= 0 && messages[place].values.count < PayloadCodec.maximumValues ? place : nil
  }

  /// Takes down that a metric has a value at an instant, in the message at `place`.
  mutating func note(_ metric: Int, at milliseconds: Int64, place: Int) {
    guard isLarge else { return }
    places[milliseconds] = place
    told.insert(Told(metric: metric, milliseconds: milliseconds))
  }

  /// Whether a metric that was in the payload already has a value at this instant.
  func has(_ metric: Int, _ sensor: SensorID, at milliseconds: Int64, in messages: [Message]) -> Bool {
    guard !isLarge else { return told.contains(Told(metric: metric, milliseconds: milliseconds)) }
    return messages.contains { message in
      message.timestamp.milliseconds == milliseconds && message.values.contains { $0.sensor == sensor }
    }
  }
}
