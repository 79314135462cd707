import Telemetry

/// What leaves a device, and when. Without transport faults that is each message at its time.
public struct Delivery: Hashable, Sendable {
  /// What leaves.
  public enum Parcel: Hashable, Sendable {
    case message(Message)
    /// A message that has left before: an at-least-once transport may do that.
    case again(Message)
    /// Bytes that are no message.
    case waste([UInt8])
    /// Nothing; the connection breaks without a word, and is made again.
    case cut
  }

  public var due: Timestamp
  public var parcel: Parcel

  public init(due: Timestamp, _ parcel: Parcel) {
    self.due = due
    self.parcel = parcel
  }
}

/// What leaves one device, in the order in which it leaves.
public struct DeliveryStream: Sequence, IteratorProtocol, Sendable {
  private var messages: MessageStream
  private var faults: [PlacedTransportFault]
  /// What was put off, by the time at which it leaves.
  private var waiting: [Delivery] = []
  /// Nothing that is still to come leaves before this; nil at the end of the messages.
  private var reached: Timestamp?

  init(_ messages: MessageStream, faults: [PlacedTransportFault] = []) {
    self.messages = messages
    self.faults = faults
    reached = Timestamp(milliseconds: .min)
  }

  public mutating func next() -> Delivery? {
    if faults.isEmpty { return messages.nextWithDue().map { Delivery(due: $0.due, .message($0.message)) } }
    while let reached, waiting.first.map({ $0.due > reached }) ?? true {
      guard let (message, due) = messages.nextWithDue() else {
        self.reached = nil
        break
      }
      self.reached = due
      var deliveries = [Delivery(due: due, .message(message))]
      for index in faults.indices where faults[index].begin <= due && due < faults[index].end {
        deliveries = deliveries.flatMap { delivery in
          guard case .message = delivery.parcel else { return [delivery] }
          return faults[index].course.carry(delivery)
        }
      }
      for delivery in deliveries { insert(delivery) }
    }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }

  /// Behind everything that leaves at the same time.
  private mutating func insert(_ delivery: Delivery) {
    var place = waiting.count
    while place > 0, waiting[place - 1].due > delivery.due { place -= 1 }
    waiting.insert(delivery, at: place)
  }
}

/// A transport fault in its place on one device.
struct PlacedTransportFault: Sendable {
  let begin: Timestamp
  /// The first instant after it.
  let end: Timestamp
  var course: any TransportCourse
}
