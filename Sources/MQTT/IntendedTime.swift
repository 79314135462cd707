import CMosquitto
import Foundation

/// When a message was meant to be sent, as a user property of its publication: what an end-to-end latency is measured from.
/// Measured from the time of sending, a sender that is held up would hide how long its messages waited.
enum IntendedTime {
  /// The name of the property; its value is microseconds since 1970, in decimal.
  static let property = "intended-us"

  /// A list of properties with this one. The caller frees it.
  static func properties(_ microseconds: Int64) throws -> OpaquePointer? {
    var list: OpaquePointer?
    try MQTTError.check(
      mosquitto_property_add_string_pair(
        &list, Int32(MQTT_PROP_USER_PROPERTY.rawValue), property, String(microseconds)), "publication")
    return list
  }

  /// Nil where `properties` have no such property.
  static func read(_ properties: OpaquePointer) -> Int64? {
    var skipsFirst = false
    var current: OpaquePointer? = properties
    while let place = current {
      var name: UnsafeMutablePointer<CChar>?
      var value: UnsafeMutablePointer<CChar>?
      current = mosquitto_property_read_string_pair(
        place, Int32(MQTT_PROP_USER_PROPERTY.rawValue), &name, &value, skipsFirst)
      defer {
        free(name)
        free(value)
      }
      guard current != nil, let name, let value else { return nil }
      if strcmp(name, property) == 0 { return Int64(String(cString: value)) }
      skipsFirst = true
    }
    return nil
  }
}
