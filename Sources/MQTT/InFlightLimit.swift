/// How many messages a broker sends before it waits for acknowledgements, found out while they come.
///
/// MQTT 3.1.1 has no word for it, and in MQTT 5 a broker may keep below what the client allows. Whoever collects messages and
/// acknowledges them together would wait at each batch for messages that do not come until it has acknowledged. So: where
/// batches end one after another in silence with the same number of messages, that number is taken for the limit, and a batch
/// that has reached it is full. Where more can be read all the same, it was not the limit, and is forgotten.
///
/// Fewer than ``few`` messages are so many by chance as well: devices that are far apart send one at a time. What tells them apart is when
/// the next message comes. A broker that was waiting for acknowledgements sends at once when it has them; a device does not know of them.
/// So a small number is the limit only where each of those batches began at once, and only as long as batches do.
package struct InFlightLimit: Hashable, Sendable {
  /// How many batches in a row must end alike. A device that sends a few messages at a time looks the same, and costs nothing: its
  /// batches end sooner.
  package static let alike = 3
  /// Smaller numbers are a limit only where batches begin at once.
  package static let few = 4
  /// How soon after the acknowledgement of a batch the next one begins where the broker was waiting for it: well above what
  /// a broker near by takes, well below the 20 ms for which ingestion collects.
  package static let atOnce = Duration.milliseconds(5)

  /// Messages; nil while nothing points to a limit.
  package private(set) var limit: Int?
  private var last = 0
  private var repeated = 0
  private var beganAtOnce = false

  package init() {}

  /// Notes that the first message of a batch has come, so long after the last batch was acknowledged; nil where none was.
  package mutating func began(after pause: Duration?) {
    beganAtOnce = pause.map { $0 <= Self.atOnce } ?? false
    // Nothing was waiting for us: there is no limit, or nothing behind it.
    if !beganAtOnce, let limit, limit < Self.few { self = InFlightLimit() }
  }

  /// Notes that a batch of `count` messages has ended because nothing more came for a while.
  package mutating func endedInSilence(_ count: Int) {
    guard count >= Self.few || (count > 0 && beganAtOnce) else {
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
