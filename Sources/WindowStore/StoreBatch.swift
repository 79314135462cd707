import Telemetry

/// What the windows of a store mean. Fixed when the store is made, since windows of two lengths cannot be told apart.
package struct WindowSettings: Hashable, Sendable, Codable {
  /// The length of a window; of sessions, the multiples since 1970 at which a session is cut.
  package var window: Duration
  /// From the start of one window to that of the next: equal to ``window`` for tumbling windows, shorter for hopping ones.
  package var hop: Duration
  /// With session windows, the silence of a device after which its session is over; nil for other windows.
  package var sessionGap: Duration?
  /// How far behind the newest reading of a device its watermark stays.
  package var outOfOrderness: Duration
  /// How long after its end, in event time, a closed window still takes readings.
  package var allowedLateness: Duration

  /// The length of a snapshot window: it holds the readings of one instant, and instants are whole milliseconds.
  package static let snapshot = Duration.milliseconds(1)

  /// - Parameters:
  ///   - hop: Nil for tumbling windows.
  ///   - sessionGap: Nil for windows of a fixed length.
  package init(
    window: Duration, hop: Duration? = nil, sessionGap: Duration? = nil, outOfOrderness: Duration,
    allowedLateness: Duration
  ) {
    self.window = window
    self.hop = hop ?? window
    self.sessionGap = sessionGap
    self.outOfOrderness = outOfOrderness
    self.allowedLateness = allowedLateness
  }
}

/// What ingestion has done since the store was made. A message counts in exactly one of stored, duplicate, late and
/// rejected.
package struct IngestionProgress: Hashable, Sendable, Codable {
  /// Messages taken from the broker.
  package var messages = 0
  package var storedMessages = 0
  /// Values of sensors: a message with three sensors is three readings.
  package var storedReadings = 0
  package var duplicateMessages = 0
  package var duplicateReadings = 0
  package var lateMessages = 0
  package var lateReadings = 0
  /// Those of the late ones whose values were not kept.
  package var droppedMessages = 0
  package var droppedReadings = 0
  /// Those of the stored ones that were late, and were moved to a time that could still be taken.
  package var adjustedMessages = 0
  package var adjustedReadings = 0
  package var rejectedMessages = 0
  /// Values that were not taken, of payloads of which something else was. A rejected message counts as one beside them.
  package var rejectedReadings = 0
  /// First revisions, one a sensor.
  package var windowsClosed = 0
  /// Later revisions.
  package var windowsRevised = 0
  /// The newest event time stored.
  package var maxEvent: Timestamp?
  /// What time it is for the fleet as a whole, whatever the clock of a single device says.
  package var fleetTime: Timestamp?
  /// The event time up to which every device that is not idle has reported; see ``WindowRow/visibleFrom``.
  package var fleetWatermark: Timestamp?
  /// Payloads taken from the broker. A SenML pack is one, and may be many messages.
  package var deliveries = 0
  /// Payloads that are about the lives of devices and have no values: births, deaths, commands. They are no messages.
  package var notices = 0

  package init() {}

  /// The newest event time, without those of a device whose clock is ahead of the fleet's.
  package var newestOfFleet: Timestamp? {
    guard let maxEvent, let fleetTime else { return maxEvent }
    return min(maxEvent, fleetTime)
  }
}

/// A message that came after its window could no longer change.
package struct LateMessage: Hashable, Sendable {
  package var message: Message
  /// How far behind the end of the allowed lateness the device's watermark found it, always positive.
  package var lateBy: Duration

  package init(message: Message, lateBy: Duration) {
    self.message = message
    self.lateBy = lateBy
  }
}

/// A message that was late, and was stored as if it had been measured later.
package struct AdjustedMessage: Hashable, Sendable {
  /// As it was stored.
  package var message: Message
  /// The time that it came with.
  package var original: Timestamp
  /// As ``LateMessage/lateBy``.
  package var lateBy: Duration
  /// Where it stands in ``StoreBatch/stored``.
  package var place: Int

  package init(message: Message, original: Timestamp, lateBy: Duration, place: Int) {
    self.message = message
    self.original = original
    self.lateBy = lateBy
    self.place = place
  }
}

/// What a payload is known by when the broker delivers it again: it then has the same packet id and the same bytes.
package struct DeliveryMark: Hashable, Sendable {
  /// Which delivery it was, from 1; see ``IngestionProgress/deliveries``.
  package var number: Int
  package var packetID: UInt16
  /// The first half of the SHA-256 of topic and payload.
  package var digest: [UInt8]

  package init(number: Int, packetID: UInt16, digest: [UInt8]) {
    self.number = number
    self.packetID = packetID
    self.digest = digest
  }
}

/// What may be deleted at a checkpoint.
package struct Retention: Hashable, Sendable {
  /// What is older than this may go; nil: nothing goes for its age.
  package var from: Timestamp?
  /// How large the file may become; nil: as large as it likes.
  package var bytes: Int?
  /// The windows of what is older than this can no longer change: only such may go for the size's sake.
  package var finalBefore: Timestamp?

  package init(from: Timestamp? = nil, bytes: Int? = nil, finalBefore: Timestamp? = nil) {
    self.from = from
    self.bytes = bytes
    self.finalBefore = finalBefore
  }
}

/// Which message of a topic was the last that the broker was asked to retain.
package struct RetainedMark: Hashable, Sendable {
  package var topic: String
  /// As ``DeliveryMark/digest``.
  package var digest: [UInt8]
  /// Which delivery it was.
  package var number: Int

  package init(topic: String, digest: [UInt8], number: Int) {
    self.topic = topic
    self.digest = digest
    self.number = number
  }
}

/// A payload of which not everything was taken, kept with the reason.
package struct RejectedMessage: Hashable, Sendable {
  package var received: Timestamp
  package var topic: String
  package var reason: String
  package var payload: [UInt8]
  /// How many values were not taken, where the rest was; nil where nothing was.
  package var readings: Int?

  package init(received: Timestamp, topic: String, reason: String, payload: [UInt8], readings: Int? = nil) {
    self.received = received
    self.topic = topic
    self.reason = reason
    self.payload = payload
    self.readings = readings
  }
}

/// Everything that one transaction makes durable.
package struct StoreBatch: Sendable {
  package var stored: [Message] = []
  package var late: [LateMessage] = []
  /// Late messages of which only the name is kept.
  package var dropped: [LateMessage] = []
  /// Late messages that are among the stored ones, with another time; in their order.
  package var adjusted: [AdjustedMessage] = []
  package var rejected: [RejectedMessage] = []
  package var windows: [WindowRow] = []
  /// The deliveries of this batch that a redelivery could not be told by otherwise.
  package var marks: [DeliveryMark] = []
  /// The retained messages of this batch that a repetition could not be told by otherwise.
  package var retained: [RetainedMark] = []
  /// Devices whose clocks were found to be wrong, or more so than was known.
  package var clocks: [DeviceID: DeviceClock] = [:]
  /// Nodes and devices of Sparkplug whose lives went on.
  package var lives: [SparkplugLife] = []
  package var progress = IngestionProgress()
  /// The fold's state after this batch, now and then.
  package var checkpoint: [UInt8]?
  /// With a checkpoint: what of it may be deleted. Nil keeps everything.
  package var retention: Retention?

  package init() {}

  /// Empties the batch and keeps its memory.
  package mutating func removeAll() {
    stored.removeAll(keepingCapacity: true)
    late.removeAll(keepingCapacity: true)
    dropped.removeAll(keepingCapacity: true)
    adjusted.removeAll(keepingCapacity: true)
    marks.removeAll(keepingCapacity: true)
    retained.removeAll(keepingCapacity: true)
    rejected.removeAll(keepingCapacity: true)
    windows.removeAll(keepingCapacity: true)
    clocks.removeAll()
    lives.removeAll(keepingCapacity: true)
    checkpoint = nil
    retention = nil
  }
}
