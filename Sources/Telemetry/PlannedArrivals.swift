/// When each message of a planned fleet arrives, on the fleet's own clock.
///
/// A message is taken to arrive at the time that it carries. The plan knows better where a device is kept back, or where its
/// clock is wrong: such messages are listed here, in runs, so that most fleets need no list at all. What follows from arrivals
/// then follows from the plan, and not from how fast anything was on the day.
package struct PlannedArrivals: Hashable, Sendable, Codable {
  /// Messages of one device, one after the other, that do not arrive at the time that they carry.
  package struct Run: Hashable, Sendable, Codable {
    /// Keys of the first and the last of them.
    package var first: Int64
    package var last: Int64
    /// When all of them arrive, in milliseconds since 1970 UTC; nil where each arrives ``laterMs`` after its time.
    package var atMs: Int64?
    /// How much later than its time each of them arrives; below zero where the device's clock is ahead.
    package var laterMs: Int64

    package init(first: Int64, last: Int64, atMs: Int64?, laterMs: Int64) {
      self.first = first
      self.last = last
      self.atMs = atMs
      self.laterMs = laterMs
    }
  }

  /// The listed messages of one device.
  package struct Device: Hashable, Sendable, Codable {
    /// Ascending by key, which is the sequence.
    package var bySequence: [Run]
    /// The same by the times that messages carry, in milliseconds, for payloads without a sequence.
    package var byTime: [Run]

    package init(bySequence: [Run], byTime: [Run]) {
      self.bySequence = bySequence
      self.byTime = byTime
    }

    private enum CodingKeys: String, CodingKey {
      case bySequence = "by_sequence"
      case byTime = "by_time"
    }

    /// When the message arrives that came with `timestamp` and `position`.
    package func arrival(_ timestamp: Timestamp, _ position: Message.Position?) -> Timestamp {
      // Where the plan's numbers are not those of payloads, nothing is listed by them.
      let sequence = bySequence.isEmpty ? nil : position?.sequence
      let runs = sequence == nil ? byTime : bySequence
      let key = sequence ?? timestamp.milliseconds
      var (low, high) = (0, runs.count)
      while low < high {
        let middle = (low + high) / 2
        if runs[middle].last < key { low = middle + 1 } else { high = middle }
      }
      guard low < runs.count, runs[low].first <= key else { return timestamp }
      return runs[low].atMs.map(Timestamp.init(milliseconds:))
        ?? timestamp + .milliseconds(runs[low].laterMs)
    }
  }

  /// How far behind the newest arrival one may be that has not been seen yet: what publishers may have under way, and what
  /// is too small to be listed.
  package var slack: Duration
  /// How many devices send at least one message.
  package var deviceCount: Int
  /// How many messages arrive in all.
  package var messageCount: Int
  /// The devices of which something is listed.
  package var listed: [DeviceID: Device]

  package init(slack: Duration, deviceCount: Int, messageCount: Int, listed: [DeviceID: Device] = [:]) {
    self.slack = slack
    self.deviceCount = deviceCount
    self.messageCount = messageCount
    self.listed = listed
  }

  private enum CodingKeys: String, CodingKey {
    case slackMs = "slack_ms"
    case deviceCount = "devices"
    case messageCount = "messages"
    case listed
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    slack = .milliseconds(try container.decode(Int64.self, forKey: .slackMs))
    deviceCount = try container.decode(Int.self, forKey: .deviceCount)
    messageCount = try container.decode(Int.self, forKey: .messageCount)
    listed = [:]
    for (name, device) in try container.decode([String: Device].self, forKey: .listed) {
      if let id = DeviceID(name) { listed[id] = device }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(slack.milliseconds, forKey: .slackMs)
    try container.encode(deviceCount, forKey: .deviceCount)
    try container.encode(messageCount, forKey: .messageCount)
    try container.encode(
      Dictionary(uniqueKeysWithValues: listed.map { ($0.key.name, $0.value) }), forKey: .listed)
  }
}
