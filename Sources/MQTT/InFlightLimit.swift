/// How many messages a broker sends before it waits for acknowledgements, found out while they come.
///
/// MQTT 3.1.1 has no word for it, and in MQTT 5 a broker may keep below what the client allows. Whoever collects messages and
/// acknowledges them together would wait at each batch for messages that do not come until it has acknowledged. So: where
/// batches end one after another in silence with the same number of messages, that number is taken for the limit, and a batch
/// that has reached it is full. Where more can be read all the same, it was not the limit, and is forgotten.
package struct InFlightLimit: Hashable, Sendable {
  /// How many batches in a row must end alike. A device that sends a few messages at a time looks the same, and costs nothing: its
  /// batches end sooner.
  package static let alike = 3
  /// Smaller numbers are no limit: single messages that come far apart would each have a commit of their own.
  package static let least = 4

  /// Messages; nil while nothing points to a limit.
  package private(set) var limit: Int?
  private var last = 0
  private var repeated = 0

  package init() {}

  /// Notes that a batch of `count` messages has ended because nothing more came for a while.
  package mutating func endedInSilence(_ count: Int) {
    guard count >= Self.least else {
      (last, repeated) = (0, 0)
      return
    }
    repeated = count == last ? repeated + 1 : 1
    last = count
    if repeated >= Self.alike { limit = count }
  }

  /// Notes that more came than the limit allows.
  package mutating func wasExceeded() {
    self = InFlightLimit()
  }
}
