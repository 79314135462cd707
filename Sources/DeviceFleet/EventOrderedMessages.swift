import Telemetry

/// The messages of many devices as planned, in the order in which they would leave.
package struct EventOrderedMessages: Sequence, IteratorProtocol, Sendable {
  private var deliveries: OrderedDeliveries

  init(_ deliveries: OrderedDeliveries) { self.deliveries = deliveries }

  package mutating func next() -> Message? { nextWithDevice()?.message }

  /// The next message with the index of its device in ``MessageSource/deviceIDs``.
  package mutating func nextWithDevice() -> (message: Message, device: Int)? {
    while let (delivery, device) = deliveries.next() {
      if let message = delivery.messages.first { return (message, device) }
    }
    return nil
  }
}
