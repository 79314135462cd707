import CMosquitto

/// What a connection has asked for, and what the broker said to it.
struct Subscriptions {
  private struct Asked {
    var filter: String
    var quality: QualityOfService
  }

  /// By the packet ids of those that the broker has not answered.
  private var asked: [Int32: Asked] = [:]
  /// The first that the broker did not grant as it was asked for.
  private(set) var refusal: MQTTError?

  /// Whether the broker has answered each.
  var areAnswered: Bool { asked.isEmpty }

  mutating func ask(_ filter: String, _ quality: QualityOfService, packetID: Int32) {
    asked[packetID] = Asked(filter: filter, quality: quality)
  }

  /// Notes an answer. A quality below the one that was asked for is a refusal: the broker would deliver and forget, and nobody would
  /// see what is lost.
  ///
  /// - Parameters:
  ///   - granted: A code for each filter: the quality of service, or a reason from 128 on (MQTT 5 and MQTT 3.1.1, 3.9.3).
  ///   - reason: The word for such a reason.
  mutating func answer(packetID: Int32, granted: [Int32], reason: (Int32) -> String) {
    guard let answered = asked.removeValue(forKey: packetID), refusal == nil else { return }
    let words: String?
    if granted.isEmpty {
      words = "its answer is empty"
    } else if let code = granted.first(where: { $0 > QualityOfService.exactlyOnce.rawValue }) {
      words = reason(code)
    } else if let code = granted.first(where: { $0 < answered.quality.rawValue }) {
      words =
        "it grants QoS \(code) alone, at which messages are lost; let it grant QoS \(answered.quality.rawValue)"
    } else {
      words = nil
    }
    refusal = words.map { .subscriptionRefused(filter: answered.filter, reason: $0) }
  }
}

/// What is asked for, and given up.
extension MQTTConnection {
  /// Asks for `filter`. Does not wait: after a resumed session messages may come before the answer; a refusal, or less than `quality`,
  /// is thrown by a later ``read(upTo:)``.
  ///
  /// In MQTT 5 retained messages come only with a new subscription, and what is published with the wish to be retained says so.
  /// MQTT 3.1.1 has no such options, which the library then leaves out: they come each time that one subscribes, and nothing else
  /// says that it is retained.
  ///
  /// - Parameter tellsWhatIsRetained: False: what is retained says so only where it comes because of the subscription, as MQTT 3.1.1 has it.
  func subscribe(
    _ filter: String, quality: QualityOfService = .atLeastOnce, tellsWhatIsRetained: Bool = true
  ) throws {
    var options = MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue
    if tellsWhatIsRetained { options |= MQTT_SUB_OPT_RETAIN_AS_PUBLISHED.rawValue }
    var packetID: Int32 = 0
    try MQTTError.check(
      mosquitto_subscribe_v5(handle, &packetID, filter, quality.rawValue, Int32(options), nil),
      "subscription")
    subscriptions.ask(filter, quality, packetID: packetID)
    try flush()
  }

  /// Gives up what the session may be subscribed to. Does not wait: the broker does one after the other.
  func unsubscribe(_ filter: String) throws {
    try MQTTError.check(mosquitto_unsubscribe_v5(handle, nil, filter, nil), "end of a subscription")
    try flush()
  }
}
