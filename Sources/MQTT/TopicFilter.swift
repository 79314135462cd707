import CMosquitto

/// What one subscribes to: a topic in which `+` stands for any one level, and `#` at the end for all that follow.
package enum TopicFilter {
  /// Whether `text` is one (MQTT 5, 4.7).
  package static func isValid(_ text: String) -> Bool {
    !text.isEmpty && mosquitto_sub_topic_check(text) == Int32(MOSQ_ERR_SUCCESS.rawValue)
  }
}
