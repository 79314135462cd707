import Telemetry

/// What leaves a device, and when. Without transport faults that is each message at its time, or several at that of the
/// last.
package struct Delivery: Hashable, Sendable {
  /// What leaves.
  package enum Parcel: Hashable, Sendable {
    /// Messages that leave together, in order of time; at least one.
    case messages([Message])
    /// What has left before, in ``messages(_:)``: an at-least-once transport may do that.
    case again([Message])
    /// Bytes that are no message.
    case waste([UInt8])
    /// Nothing; the connection breaks without a word, and is made again.
    case cut
  }

  package var due: Timestamp
  package var parcel: Parcel

  package init(due: Timestamp, _ parcel: Parcel) {
    self.due = due
    self.parcel = parcel
  }

  fileprivate var carriesMessages: Bool { if case .messages = parcel { true } else { false } }
  fileprivate var isRepetition: Bool { if case .again = parcel { true } else { false } }

  /// The messages that leave for the first time.
  package var messages: [Message] { if case .messages(let messages) = parcel { messages } else { [] } }
}

/// What leaves one device, in the order in which it leaves.
package struct DeliveryStream: Sequence, IteratorProtocol, Sendable {
  private var messages: MessageStream
  private let batch: Int
  private var faults: [PlacedTransportFault]
  /// What was put off, by the time at which it leaves.
  private var waiting: [Delivery] = []
  /// Nothing that is still to come leaves before this; nil at the end of the messages.
  private var reached: Timestamp?

  init(_ messages: MessageStream, batch: Int = 1, faults: [PlacedTransportFault] = []) {
    self.messages = messages
    self.batch = batch
    self.faults = faults
    reached = Timestamp(milliseconds: .min)
  }

  package mutating func next() -> Delivery? {
    if faults.isEmpty { return gather() }
    while let reached, waiting.first.map({ $0.due > reached }) ?? true {
      guard let gathered = gather() else {
        self.reached = nil
        break
      }
      let due = gathered.due
      self.reached = due
      var deliveries = [gathered]
      for index in faults.indices where faults[index].begin <= due && due < faults[index].end {
        deliveries = deliveries.flatMap { delivery in
          guard case .messages = delivery.parcel else { return [delivery] }
          return faults[index].course.carry(delivery)
        }
      }
      // What another fault keeps from leaving cannot be repeated either.
      if !deliveries.contains(where: \.carriesMessages) { deliveries.removeAll(where: \.isRepetition) }
      Self.makeFirstTheMessage(&deliveries)
      for delivery in deliveries { insert(delivery) }
    }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }

  /// A fault that puts a message off leaves its repetition alone. What then leaves first is the message, and what leaves later repeats it.
  ///
  /// - Parameter deliveries: What becomes of messages that were gathered once.
  private static func makeFirstTheMessage(_ deliveries: inout [Delivery]) {
    guard let message = deliveries.firstIndex(where: \.carriesMessages) else { return }
    var first = message
    for index in deliveries.indices where deliveries[index].isRepetition {
      let (due, earliest) = (deliveries[index].due, deliveries[first].due)
      if due < earliest || due == earliest && index < first { first = index }
    }
    guard first != message else { return }
    let parcel = deliveries[first].parcel
    deliveries[first].parcel = deliveries[message].parcel
    deliveries[message].parcel = parcel
  }

  /// Whether ``due`` knows when the next delivery leaves before it is made.
  var foresees: Bool { faults.isEmpty && messages.foresees }

  /// When the next delivery leaves; nil at the end. Only where it ``foresees``.
  var due: Timestamp? { messages.due(ahead: batch - 1) }

  /// The next messages as they would leave without faults; what is left at the end leaves as it is.
  private mutating func gather() -> Delivery? {
    guard let (first, due) = messages.nextWithDue() else { return nil }
    guard batch > 1 else { return Delivery(due: due, .messages([first])) }
    var gathered = [first]
    var last = due
    while gathered.count < batch, let (message, due) = messages.nextWithDue() {
      gathered.append(message)
      last = due
    }
    return Delivery(due: last, .messages(gathered))
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
  /// Whether it keeps messages from leaving at all.
  let withholds: Bool
  var course: any TransportCourse
}
