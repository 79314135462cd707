import Telemetry

/// Where the messages of a run come from, a planned fleet or a recording: devices, their messages, and what is known to
/// be wrong with them. Equal sources give equal messages, as often as they are asked.
package protocol MessageSource: Sendable {
  /// Every device once.
  var deviceIDs: [DeviceID] { get }
  /// How many messages all devices send together.
  var messageCount: Int { get }
  /// When the clock starts.
  var start: Timestamp { get }
  /// How many messages the device at `index` of ``deviceIDs`` sends.
  func messageCount(ofDeviceAt index: Int) -> Int
  /// Devices that publish alike, in the order of ``deviceIDs``.
  var groups: [PublishingGroup] { get }
  /// How many values all messages carry together.
  var readingCount: Int { get }
  /// What is known to be wrong, in the order of ``Label/inFileOrder(_:_:)``. Nothing that is not in the messages.
  var labels: [Label] { get }
  /// The sensors of the device at `index` of ``deviceIDs``, in the order of its payloads.
  func sensors(ofDeviceAt index: Int) -> [SensorID]
  /// The faults of transport that hit messages on their way, in the order of ``Label/inFileOrder(_:_:)``.
  var transportLabels: [Label] { get }
  /// The messages of the device at `index` of ``deviceIDs``, in the order in which they leave; epoch 1, sequence from 0.
  func messages(ofDeviceAt index: Int) -> MessageStream
  /// What leaves the device at `index`: its messages as transport faults let them go.
  func deliveries(ofDeviceAt index: Int) -> DeliveryStream
  /// How far the times that its messages carry may be from those at which they leave.
  func departures(ofDeviceAt index: Int) -> Departures
}

extension MessageSource {
  package var transportLabels: [Label] { [] }

  package func departures(ofDeviceAt index: Int) -> Departures { Departures() }

  package func deliveries(ofDeviceAt index: Int) -> DeliveryStream {
    DeliveryStream(messages(ofDeviceAt: index))
  }

  /// What leaves all devices, in the order in which it leaves; at one instant, in the order of ``deviceIDs``.
  package func deliveriesInOrder() -> OrderedDeliveries {
    deliveriesInOrder(ofDevicesAt: Array(deviceIDs.indices))
  }

  /// The same of some devices alone, which are in the order of ``deviceIDs``.
  package func deliveriesInOrder(ofDevicesAt indices: [Int]) -> OrderedDeliveries {
    OrderedDeliveries(indices.map(deliveries(ofDeviceAt:)))
  }

  /// What would leave all devices if nothing went wrong on the way.
  package func plannedDeliveriesInOrder() -> OrderedDeliveries {
    OrderedDeliveries(
      groups.flatMap { group in
        group.devices.map { DeliveryStream(messages(ofDeviceAt: $0), batch: group.style.batch) }
      })
  }

  /// The connections that carry the devices.
  package var connections: FleetConnections { FleetConnections(groups, deviceIDs: deviceIDs) }

  /// The messages of all devices in the order in which they leave; at one instant, in the order of ``deviceIDs``.
  package func messagesInEventOrder() -> EventOrderedMessages {
    EventOrderedMessages(
      OrderedDeliveries(deviceIDs.indices.map { DeliveryStream(messages(ofDeviceAt: $0)) }))
  }
}

/// The messages of one device, made as they are asked for.
package struct MessageStream: Sequence, IteratorProtocol, Sendable {
  private enum Body: Sendable {
    case planned(PlannedMessages)
    case recorded(RecordedMessages)
  }

  private var body: Body

  init(_ planned: PlannedMessages) { body = .planned(planned) }
  init(_ recorded: RecordedMessages) { body = .recorded(recorded) }

  package mutating func next() -> Message? { nextWithDue()?.message }

  /// Whether ``due(ahead:)`` knows.
  var foresees: Bool { if case .planned(let messages) = body { !messages.mayFallSilent } else { false } }

  /// When the message leaves that comes after `ahead` others, or the last one where there are fewer; nil at the end.
  func due(ahead: Int) -> Timestamp? {
    if case .planned(let messages) = body { messages.due(ahead: ahead) } else { nil }
  }

  /// The next message with the time at which it is meant to leave.
  mutating func nextWithDue() -> (message: Message, due: Timestamp)? {
    switch body {
    case .planned(var messages):
      // Put aside while it is changed: two references would make each message copy the state.
      body = .recorded(.none)
      defer { body = .planned(messages) }
      return messages.next().map { ($0, messages.due) }
    case .recorded(var messages):
      body = .recorded(.none)
      defer { body = .recorded(messages) }
      return messages.next().map { ($0, $0.timestamp) }
    }
  }
}
