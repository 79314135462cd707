/// Bounds, each with its reason.
package enum SparkplugLimits {
  /// The largest payload that is read: births name every metric of a node, which may be thousands.
  package static let maximumBytes = 1 << 20
  /// The most metrics of a payload; a birth of the largest size has fewer.
  static let maximumMetrics = 1 << 15
  /// The most nodes that are known at a time, each with some KiB of memory.
  static let maximumNodes = 10_000
  /// The most devices of all nodes together.
  static let maximumDevices = 100_000
  /// The most metrics whose births are kept, of all nodes and devices together: some 100 bytes each.
  static let maximumKnownMetrics = 4_000_000
  /// How many digests of a node's newest messages survive a restart: more than a client has under way.
  static let durableDigests = 64
  /// The longest name of a metric, in bytes. What is longer is no sensor id either.
  static let longestName = 1024
  /// How long a gap in the numbers of a node may be one of messages that come out of order, in milliseconds.
  static let reorderingMs: Int64 = 2000
  /// A node is asked for a rebirth once in this time, in milliseconds: an answer may be large, and slow.
  static let rebirthEveryMs: Int64 = 30_000
  /// A node that had no need of a birth for this long, in milliseconds, is asked as one that never had.
  static let rebirthQuietMs: Int64 = 600_000
  /// How many nodes are asked at once; others later.
  static let rebirthsAtOnce = 20
  /// Topics whose parts are remembered; beyond that the table begins again.
  static let maximumTopics = 1 << 17
}
