import CMosquitto
import Foundation

/// What the library calls. Formed here, outside any actor, because it calls them from C.
extension MQTTConnection {
  private static func connection(_ context: UnsafeMutableRawPointer?) -> MQTTConnection? {
    context.map { Unmanaged<MQTTConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  static let connectCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void = {
      _, context, code, flags, _ in
      guard let connection = connection(context) else { return }
      // MQTT 3.1.1 has codes of its own.
      let refusal =
        connection.version == .five
        ? reasonText(code) : MQTTError.words(mosquitto_connack_string(code))
      if code == 0 {
        connection.connectAnswer = .accepted(sessionPresent: flags & 1 == 1)
      } else if connection.isVersionRefusal(code) {
        connection.connectAnswer = .refusedVersion(reason: refusal)
      } else {
        connection.connectAnswer = .refused(reason: refusal)
      }
    }

  /// MQTT 5, 3.2.2.2 (the library takes a refusal in the form of MQTT 3.1.1 for the same), and MQTT 3.1.1, 3.2.2.3.
  private func isVersionRefusal(_ code: Int32) -> Bool {
    version == .five ? code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION.rawValue.signed : code == 1
  }

  static let disconnectCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, OpaquePointer?) -> Void = {
      _, context, code, _ in
      // From 128 on it is what the broker has sent, and below that what the library has found.
      guard let connection = connection(context) else { return }
      let reason = code >= 128 ? reasonText(code) : connection.reason(code)
      connection.disconnection = code == 0 ? "it was closed" : reason
    }

  /// The word for a result code of the library with which the connection ends. What does not speak MQTT begins something that looks like a
  /// long packet, and ends inside it.
  func reason(_ code: Int32) -> String {
    if case .none = connectAnswer, code == MOSQ_ERR_ERRNO.rawValue.signed, errno == 0 {
      return "what came is no MQTT, or ended in the middle of the answer to CONNECT"
    }
    return MQTTError.reason(code)
  }

  static let messageCallback:
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<mosquitto_message>?, OpaquePointer?
    ) -> Void = { _, context, message, properties in
      guard let message, let connection = connection(context) else { return }
      connection.messageCount += 1
      connection.onMessage?(message, properties, connection.isRepetition)
    }

  static let publishCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, OpaquePointer?) -> Void = {
      _, context, packetID, _, _ in
      connection(context)?.onPublished?(packetID)
    }

  static let subscribeCallback:
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, Int32, Int32, UnsafePointer<Int32>?, OpaquePointer?
    ) -> Void = { _, context, packetID, count, granted, _ in
      guard let connection = connection(context) else { return }
      let isFive = connection.version == .five
      connection.subscriptions.answer(
        packetID: packetID,
        granted: Array(UnsafeBufferPointer(start: granted, count: granted == nil ? 0 : Int(count)))
      ) { code in
        // MQTT 3.1.1 has one code, 128, for every reason.
        isFive ? reasonText(code) : "MQTT 3.1.1 has no word for the reason"
      }
    }

  /// The library hands the flag DUP to nobody, but its log has it: “Client ID received PUBLISH (d1, q1, r0, m7, 'topic', … ”.
  static let logCallback:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
      _, context, _, text in
      guard let text, let connection = connection(context) else { return }
      let prefix = connection.publishPrefix
      // Compared from the start of the line: what else is in it was written by others.
      guard strncmp(text, prefix, prefix.utf8.count) == 0 else { return }
      connection.isRepetition = text[prefix.utf8.count] == CChar(UInt8(ascii: "1"))
    }

  /// From here on ``isRepetition`` says of each message whether the broker has marked it. Costs a line of the library's log a packet.
  func watchRepetitions() { mosquitto_log_callback_set(handle, Self.logCallback) }

  /// Ends ``watchRepetitions()``.
  func ignoreRepetitions() {
    mosquitto_log_callback_set(handle, nil)
    isRepetition = false
  }

  private static func reasonText(_ code: Int32) -> String { MQTTError.words(mosquitto_reason_string(code)) }
}
