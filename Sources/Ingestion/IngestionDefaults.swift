import MQTT

/// The bounds of ingestion, each with its reason.
package enum IngestionDefaults {
  /// Messages a transaction. More gains little (a commit's cost is spread thin already) and delays acknowledgements.
  package static let messagesPerCommit = 4000
  /// Bytes a transaction: with the largest payloads a batch stays at some megabytes.
  package static let bytesPerCommit = 8 << 20
  /// How long a batch collects while little comes in: at most this much is added to a reading's way, and an idle
  /// device costs at most 50 commits a second.
  package static let commitInterval = Duration.milliseconds(20)
  /// Stored messages between two checkpoints: what a restart has to fold again, about a quarter of a second's work.
  package static let messagesPerCheckpoint = 100_000
  /// The most windows that may hold a reading: each is a copy of it in memory.
  package static let mostWindowsOfAReading: Int64 = 1000
  /// The least bound of a store's size: what comes between two checkpoints must be a small part of it.
  package static let leastRetainBytes = 64_000_000
  /// How long a broker that has something more to send may send nothing.
  static let silence = Duration.seconds(2)
  /// How long the broker keeps messages for an ingester that is away.
  package static let sessionExpiry = Duration.seconds(7 * 24 * 3600)
  /// How long a broker may send neither the answer to a subscription nor a message before it.
  static let subscriptionPatience = Duration.seconds(10)
  /// Messages that can be under way unacknowledged.
  static let deliveriesUnderWay = CommitGatedConsumer.mostUnderWay
  /// How far behind the fleet's time a device may be before the fleet's watermark leaves it behind.
  package static let idleAfter = Duration.seconds(3600)
  /// Of devices without a plan, how many messages of the fleet, for each device, one may be silent and still have a say in what
  /// time it is: enough for one that sends less often, few enough that the dead are soon forgotten.
  static let messagesOfSilence = 16
  /// How many devices are asked what time it is, so that it costs nothing in a large fleet.
  static let devicesAsked = 500
  /// How far ahead of its arrival a time must lie to be told: clocks that nobody cares for are seconds apart.
  static let aheadNotice = Duration.seconds(60)
  /// How far ahead of every clock a time may lie to be believed: more than any time zone's mistake.
  package static let futureLimit = Duration.seconds(48 * 3600)
  /// How long a lost broker is tried again before the service gives up.
  package static let reconnectFor = Duration.seconds(60)
  package static let reconnectPause = Duration.milliseconds(100)
  /// The longest pause before a connection is made, where one after the other breaks: who takes turns with another client of the
  /// same client id does so once a second.
  static let longestReconnectPause = Duration.seconds(1)
  /// Connections that break sooner break one after the other: well over the pause, for which the other client's last.
  static let steadyConnection = Duration.seconds(5)
  /// How long a commit is tried again while the disk is full or the file is locked.
  package static let commitRetryFor = Duration.seconds(60)
  package static let commitRetryPause = Duration.milliseconds(250)
  /// How often a commit that keeps failing is mentioned at last; more often at first, so that a trouble that comes back at once
  /// is seen.
  package static let commitRetryNoticeEvery = Duration.seconds(10)
}
