import CMosquitto
import Foundation

/// When a message was meant to be sent, as a user property of its publication: what an end-to-end latency is measured from.
/// Measured from the time of sending, a sender that is held up would hide how long its messages waited.
package struct IntendedTime: Hashable, Sendable {
  /// Since 1970.
  package let microseconds: Int64
  /// The stage of the load to which the message belongs, from 0; -1 where the sender does not say.
  package let stage: Int32

  /// The most stages that are told apart: each has a histogram of its own, at both ends.
  package static let mostStages = 64

  package init(microseconds: Int64, stage: Int32 = -1) {
    self.microseconds = microseconds
    self.stage = stage
  }

  /// The name of the property; its value is microseconds since 1970, in decimal, and behind a slash the stage, where there are
  /// several.
  static let property = "intended-us"

  /// A list of properties with this one. The caller frees it.
  func properties() throws -> OpaquePointer? {
    var list: OpaquePointer?
    let value = stage >= 0 ? "\(microseconds)/\(stage)" : String(microseconds)
    try MQTTError.check(
      mosquitto_property_add_string_pair(
        &list, Int32(MQTT_PROP_USER_PROPERTY.rawValue), Self.property, value), "publication")
    return list
  }

  /// Nil where `properties` have no such property.
  static func read(_ properties: OpaquePointer) -> IntendedTime? {
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
      if strcmp(name, property) == 0 { return IntendedTime(value) }
      skipsFirst = true
    }
    return nil
  }

  /// Reads the value of the property; nil for what nobody here has written.
  package init?(_ value: UnsafePointer<CChar>) {
    var end: UnsafeMutablePointer<CChar>?
    microseconds = Int64(strtoll(value, &end, 10))
    guard let rest = end, rest != UnsafeMutablePointer(mutating: value) else { return nil }
    guard rest.pointee != 0 else {
      stage = -1
      return
    }
    guard rest.pointee == CChar(UInt8(ascii: "/")) else { return nil }
    var stageEnd: UnsafeMutablePointer<CChar>?
    let number = strtol(rest + 1, &stageEnd, 10)
    guard let stageEnd, stageEnd != rest + 1, stageEnd.pointee == 0, (0..<Self.mostStages).contains(number)
    else { return nil }
    stage = Int32(number)
  }
}
