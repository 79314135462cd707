import Telemetry

/// What the windows of a store mean. Fixed when the store is made, since windows of two lengths cannot be told apart.
public struct WindowSettings: Hashable, Sendable, Codable {
  /// The length of a window.
  public var window: Duration
  /// From the start of one window to that of the next: equal to ``window`` for tumbling windows, shorter for hopping ones.
  public var hop: Duration
  /// How far behind the newest reading of a device its watermark stays.
  public var outOfOrderness: Duration
  /// How long after its end, in event time, a closed window still takes readings.
  public var allowedLateness: Duration

  /// - Parameter hop: nil for tumbling windows.
  public init(window: Duration, hop: Duration? = nil, outOfOrderness: Duration, allowedLateness: Duration) {
    self.window = window
    self.hop = hop ?? window
    self.outOfOrderness = outOfOrderness
    self.allowedLateness = allowedLateness
  }
}

/// What ingestion has done since the store was made. A message counts in exactly one of stored, duplicate, late and
/// rejected.
public struct IngestionProgress: Hashable, Sendable, Codable {
  /// Messages taken from the broker.
  public var messages = 0
  public var storedMessages = 0
  /// Values of sensors: a message with three sensors is three readings.
  public var storedReadings = 0
  public var duplicateMessages = 0
  public var duplicateReadings = 0
  public var lateMessages = 0
  public var lateReadings = 0
  public var rejectedMessages = 0
  /// First revisions, one a sensor.
  public var windowsClosed = 0
  /// Later revisions.
  public var windowsRevised = 0
  /// The newest event time stored.
  public var maxEvent: Timestamp?
  /// The event time up to which every device that is not idle has reported; see ``WindowRow/visibleFrom``.
  public var fleetWatermark: Timestamp?

  public init() {}
}

/// A message that came after its window could no longer change.
public struct LateMessage: Hashable, Sendable {
  public var message: Message
  /// How far behind the end of the allowed lateness the device's watermark found it, always positive.
  public var lateBy: Duration

  public init(message: Message, lateBy: Duration) {
    self.message = message
    self.lateBy = lateBy
  }
}

/// A payload that is not a message, kept with the reason.
public struct RejectedMessage: Hashable, Sendable {
  public var received: Timestamp
  public var topic: String
  public var reason: String
  public var payload: [UInt8]

  public init(received: Timestamp, topic: String, reason: String, payload: [UInt8]) {
    self.received = received
    self.topic = topic
    self.reason = reason
    self.payload = payload
  }
}

/// Everything that one transaction makes durable.
public struct StoreBatch: Sendable {
  public var stored: [Message] = []
  public var late: [LateMessage] = []
  public var rejected: [RejectedMessage] = []
  public var windows: [WindowRow] = []
  public var progress = IngestionProgress()
  /// The fold's state after this batch, now and then.
  public var checkpoint: [UInt8]?
  /// With a checkpoint: what is older than this, and part of it, may be deleted. Nil keeps everything.
  public var retainFrom: Timestamp?

  public init() {}

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    stored.removeAll(keepingCapacity: true)
    late.removeAll(keepingCapacity: true)
    rejected.removeAll(keepingCapacity: true)
    windows.removeAll(keepingCapacity: true)
    checkpoint = nil
    retainFrom = nil
  }
}
